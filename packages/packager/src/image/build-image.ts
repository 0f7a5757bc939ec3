import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import { containerPlatform, dockerPlatform, type Platform } from "../platform.ts";
import type { OnBuildEvent } from "../progress.ts";
import { ENGINES } from "./engines/all.ts";
import { askEngine } from "./engines/ask-engine.ts";
import { assertEngine } from "./engines/assert-engine.ts";
import { bringBase } from "./engines/bring-base.ts";
import { ENGINE_NAMES, type EngineName } from "./engines/engine.ts";
import { hideSecrets } from "./engines/hide-secrets.ts";
import { parseSecret, type SecretSource } from "./engines/parse-secret.ts";
import type { ClientOptions } from "./engines/run-client.ts";
import { runBuild } from "./engines/run-build.ts";
import { baseLabels, type ImagePlan, readImagePlan } from "./image-plan.ts";
import { parseSize } from "./parse-size.ts";

/** What builds images. */
export const BUILDERS = ENGINE_NAMES;
export type Builder = EngineName;

/** What `buildImage` is asked for. */
export interface ImageOptions {
  /** Folder of a bento. */
  readonly bentoDir: string;
  /** Names `name:tag` of the image; `<service>:<version>` when empty. */
  readonly tags: readonly string[];
  /** Base image: a Linux with glibc ≥ 2.28, libstdc++, `/bin/sh` and `sleep`; that of the bento's Dockerfile when left out. */
  readonly base?: string | undefined;
  readonly builder: Builder;
  /** Secrets that the bento's scripts and packages want: `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`. */
  readonly secrets?: readonly string[];
  /** Network of scripts and of the installation of packages, as the engine names it. */
  readonly network?: string | undefined;
  /** Variables of the process unless given; engines are set up by those of their own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnBuildEvent | undefined;
  /** Asked once the engine has the base, before it is built upon; a rejection ends the build. */
  readonly checkBase?: ((base: string, platform: string) => Promise<void>) | undefined;
}

/** An image that was built. */
export interface ImageReport {
  /** "sha256:…". */
  readonly id: string;
  readonly tags: readonly string[];
  readonly base: string;
  /** All layers, uncompressed, base included. */
  readonly bytes: number;
}

/**
 * Builds the image of a bento with a container engine.
 *
 * Throws INVALID_ARGUMENT for a tag that no image can have or a secret that is none; FAILED_PRECONDITION, one sentence with the next step, when client, engine, base
 * or secret are missing, the engine is of another architecture, or the build fails. The names are given last: a build that fails or is ended moves none.
 */
export async function buildImage(options: ImageOptions): Promise<ImageReport> {
  const { bentoDir, builder, network, env = process.env, signal = new AbortController().signal } = options;
  const bento = parseBentoFile(await readFile(join(bentoDir, BENTO_FILE_NAME), "utf8"));
  const { name, version } = bento.definition;
  const tags = options.tags.length > 0 ? options.tags : [defaultTag(name, version)];
  for (const tag of tags) assertTag(tag);
  const plan = await readImagePlan(bentoDir);
  const secrets = (options.secrets ?? []).map((text) => parseSecret(text, env));
  assertSecrets(plan, secrets);
  const base = options.base ?? plan.base;
  const client: ClientOptions = { env, signal };
  await assertEngine(builder, bento.platform, client);
  const hide = hideSecrets(secrets);
  const onLine = (text: string): void => options.onEvent?.({ kind: "line", text: hide(text) });
  await bringBase(builder, base, { ...client, onLine });
  await options.checkBase?.(base, bento.platform);
  const request = { dir: bentoDir, base, labels: baseLabels(base), secrets, network };
  const id = await runBuild(builder, request, { hide, client: { ...client, onLine } });
  for (const tag of tags)
    await askEngine(builder, ENGINES[builder].tag(id, tag), client, `the image can't be named ${tag}`);
  const size = await askEngine(builder, ENGINES[builder].size(id), client, "the size of the image can't be had");
  return { id, tags, base, bytes: parseSize(size.trim()) };
}

/** The name of an image unless its builder chooses another: `+`, which versions may have and tags may not, becomes `_`. */
export function defaultTag(name: string, version: string): string {
  return `${name}:${version.replaceAll("+", "_")}`;
}

/** Source: Docker documentation, "Image naming": [host[:port]/]path[:tag], path in lower case. */
const TAG =
  /^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/;

/** Throws INVALID_ARGUMENT for what no image can be named. */
export function assertTag(tag: string): void {
  if (TAG.test(tag) && tag.length <= 255) return;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `"${tag}" is no image name: expected one such as "boston:1.4.0", the name in lower case`,
  );
}

/**
 * Throws FAILED_PRECONDITION, one sentence with the next step, when images can't be built here: no client, no engine that answers, or one of another
 * architecture. Worth asking before a bento is built for nothing.
 */
export async function assertBuilderReady(
  options: Pick<ImageOptions, "builder" | "env" | "signal"> & { readonly platform?: Platform },
): Promise<void> {
  const { env = process.env, signal = new AbortController().signal, platform = containerPlatform() } = options;
  await assertEngine(options.builder, dockerPlatform(platform), { env, signal });
}

function assertSecrets({ secrets: wanted }: ImagePlan, given: readonly SecretSource[]): void {
  const missing = wanted.find((id) => !given.some((secret) => secret.id === id));
  if (missing === undefined) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the bento's scripts want the secret "${missing}": give it with --secret id=${missing},src=FILE`,
  );
}
