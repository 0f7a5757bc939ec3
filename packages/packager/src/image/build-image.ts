import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import { containerPlatform, dockerPlatform, type Platform } from "../platform.ts";
import type { OnBuildEvent } from "../progress.ts";
import { type ClientOptions, runDocker } from "./docker-client.ts";
import { readImagePlan } from "./image-plan.ts";

/** What builds images. */
export const BUILDERS = ["docker"] as const;
export type Builder = (typeof BUILDERS)[number];

/** What `buildImage` is asked for. */
export interface ImageOptions {
  /** Folder of a bento. */
  readonly bentoDir: string;
  /** Names `name:tag` of the image; `<service>:<version>` when empty. */
  readonly tags: readonly string[];
  /** Base image: a Linux with glibc ≥ 2.28, libstdc++, `/bin/sh` and `sleep`; that of the bento's Dockerfile when left out. */
  readonly base?: string | undefined;
  readonly builder: Builder;
  /** Variables of the process unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnBuildEvent | undefined;
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
 * Throws INVALID_ARGUMENT for a tag that no image can have; FAILED_PRECONDITION, one sentence with the next step, when client, engine or base are
 * missing, the engine is of another architecture, or the build fails.
 */
export async function buildImage(options: ImageOptions): Promise<ImageReport> {
  const { bentoDir, env = process.env, signal = new AbortController().signal } = options;
  const bento = parseBentoFile(await readFile(join(bentoDir, BENTO_FILE_NAME), "utf8"));
  const { name, version } = bento.definition;
  const tags = options.tags.length > 0 ? options.tags : [defaultTag(name, version)];
  for (const tag of tags) assertTag(tag);
  const base = options.base ?? (await readImagePlan(bentoDir)).base;
  const client: ClientOptions = { env, signal };
  await assertEngine(client, bento.platform);
  const id = await runBuild(bentoDir, {
    tags,
    base,
    client: { ...client, onLine: (text) => options.onEvent?.({ kind: "line", text }) },
  });
  const { stdout } = await runDocker(["image", "inspect", "--format", "{{.Size}}", id], client);
  return { id, tags, base, bytes: Number(stdout.trim()) };
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
  await assertEngine({ env, signal }, dockerPlatform(platform));
}

async function assertEngine(client: ClientOptions, platform: string): Promise<void> {
  const { exitCode, stdout, output } = await runDocker(
    ["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"],
    client,
  );
  if (exitCode !== 0) {
    const where = client.env["DOCKER_HOST"];
    const place = where === undefined || where === "" ? "" : ` at ${where} (DOCKER_HOST)`;
    const next = /permission denied/i.test(output) ? "let this user talk to it" : "start it";
    throw refused(`no Docker engine answers${place}: ${next}, or build the bento alone with "--no-image"`);
  }
  if (stdout.trim() !== platform) {
    throw refused(
      `the bento is made for ${platform} and the Docker engine builds ${stdout.trim()}: build on a machine of that kind`,
    );
  }
}

async function runBuild(
  bentoDir: string,
  { tags, base, client }: { readonly tags: readonly string[]; readonly base: string; readonly client: ClientOptions },
): Promise<string> {
  const temp = await mkdtemp(join(tmpdir(), "bento-image-"));
  const idFile = join(temp, "id");
  try {
    const named = tags.flatMap((tag) => ["--tag", tag]);
    const args = ["build", "--build-arg", `BASE_IMAGE=${base}`, "--iidfile", idFile, ...named, bentoDir];
    const { exitCode, output } = await runDocker(args, client);
    if (exitCode !== 0) throw await buildFailed(base, output, client);
    return (await readFile(idFile, "utf8")).trim();
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function buildFailed(base: string, output: string, client: ClientOptions): Promise<ServingError> {
  const last =
    output
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^ERROR: /, "") ?? "";
  const { exitCode } = await runDocker(["image", "inspect", "--format", "{{.Id}}", base], {
    env: client.env,
    signal: client.signal,
  });
  // Only a base that is not on this machine is fetched, so it is the likely reason when it still is not.
  if (exitCode !== 0) return refused(`the base image "${base}" is not on this machine and can't be fetched: ${last}`);
  return refused(`docker build failed: ${last}`);
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
