import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile } from "@bento-ts/runtime/definition";
import type { ListedFile } from "../files/file-list.ts";
import type { OnBuildEvent } from "../progress.ts";
import { assertTag, buildImage, defaultTag, type ImageOptions } from "../image/build-image.ts";
import { assertEngineBase } from "./assert-engine-base.ts";
import { buildWithoutEngine } from "./build-without-engine.ts";
import { type ImageBuilder, runsNothing } from "./choose-builder.ts";
import { deliverFromEngine } from "./deliver-from-engine.ts";
import { readImagePlan } from "../image/image-plan.ts";
import type { MadeImage } from "./image-report.ts";
import { assertOutputPlace } from "./output-place.ts";

/** What `makeImage` is asked for. */
export interface MakeImageOptions extends Omit<ImageOptions, "bentoDir" | "builder" | "checkBase"> {
  /** Folders of bentos of one service, one for each platform. */
  readonly bentoDirs: readonly string[];
  /** Files of these folders where they were listed before: reading them takes a second. */
  readonly listed?: ReadonlyMap<string, readonly ListedFile[]> | undefined;
  readonly builder: ImageBuilder;
  /** Folder of the project: a relative path to a base in its configuration is meant from there; one in `base` from the process's. */
  readonly projectDir: string;
  /** Where the image goes: a file `….tar` for engines to load, another path for an OCI layout. Without it and without `push`, into an engine that answers. */
  readonly output?: string | undefined;
  /** Whether it goes to the registry that each tag names. */
  readonly push?: boolean;
  /** Without an engine the image is made at once and brought to its places when this resolves; never when it rejects. At once unless given. */
  readonly mayDeliver?: Promise<void> | undefined;
  /** Told when the bentos' files have been read: they may be moved then. */
  readonly onRead?: (() => void) | undefined;
}

/** `MakeImageOptions` with everything decided. */
export interface ImageWork {
  readonly bentoDirs: readonly string[];
  readonly listed: ReadonlyMap<string, readonly ListedFile[]> | undefined;
  readonly name: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly base: string;
  readonly baseDir: string;
  readonly projectDir: string;
  readonly output: string | undefined;
  readonly push: boolean;
  readonly mayDeliver: Promise<void>;
  readonly onRead: (() => void) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onEvent: OnBuildEvent | undefined;
}

/**
 * Makes the image of bentos and brings it to where it is asked for.
 *
 * Throws INVALID_ARGUMENT for a tag that no image can have; FAILED_PRECONDITION, one sentence with the next step, when it can't be made. What is left in the way of a
 * failure is whole: a file or folder appears at its place at once.
 */
export async function makeImage(options: MakeImageOptions): Promise<MadeImage> {
  const work = await decide(options);
  if (work.output !== undefined) await assertOutputPlace(resolve(work.output));
  const [bentoDir = ""] = work.bentoDirs;
  if (options.builder === "oci") {
    await assertRunsNothing(bentoDir);
    return buildWithoutEngine(work);
  }
  const { tags, base, env, signal, onEvent } = work;
  const { builder, secrets = [], network } = options;
  const checkBase = (wanted: string, platform: string): Promise<void> =>
    assertEngineBase(builder, wanted, { platform, env, signal });
  const request = { bentoDir, tags, base, builder, secrets, network, checkBase };
  const { id, bytes } = await buildImage({ ...request, env, signal, onEvent });
  const places = await deliverFromEngine(options.builder, work);
  const sizes = { uncompressed: bytes, compressed: null };
  return { builder: options.builder, id, digest: null, tags, base, bytes: sizes, platforms: [], places };
}

/** Throws FAILED_PRECONDITION for an image in which something has to run: only engines can. */
async function assertRunsNothing(bentoDir: string): Promise<void> {
  const { packages, scripts } = await readImagePlan(bentoDir);
  if (packages.length + scripts.length === 0) return;
  throw runsNothing(["image.packages", "image.scripts"], "use --builder docker, podman or buildah");
}

async function decide(options: MakeImageOptions): Promise<ImageWork> {
  const { bentoDirs, listed, projectDir, output, env = process.env, signal = new AbortController().signal } = options;
  const [bentoDir = ""] = bentoDirs;
  const { definition } = parseBentoFile(await readFile(join(bentoDir, BENTO_FILE_NAME), "utf8"));
  const { name, version } = definition;
  const tags = options.tags.length > 0 ? options.tags : [defaultTag(name, version)];
  for (const tag of tags) assertTag(tag);
  const base = options.base ?? (await readImagePlan(bentoDir)).base;
  const baseDir = options.base === undefined ? projectDir : process.cwd();
  const { push = false, mayDeliver = Promise.resolve(), onRead, onEvent } = options;
  const whole = { bentoDirs, listed, name, version, tags, base, baseDir, projectDir, output, push };
  return { ...whole, mayDeliver, onRead, env, signal, onEvent };
}
