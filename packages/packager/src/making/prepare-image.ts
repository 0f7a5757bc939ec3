import { dirname, resolve } from "node:path";
import { assertWritable } from "../files/assert-writable.ts";
import { assertTag } from "../image/build-image.ts";
import { readImagePlan } from "../image/image-plan.ts";
import { isBasePath } from "../oci/base-path.ts";
import type { Platform } from "../platform.ts";
import { projectConfig } from "../project.ts";
import { parseReference } from "../registry/reference.ts";
import { type BuilderChoice, chooseBuilder, type ImageBuilder } from "./choose-builder.ts";
import { assertBaseAt } from "./find-base.ts";
import { assertOutputPlace } from "./output-place.ts";

/** What is known of an image before its bento is built. */
export interface WantedImage {
  readonly builder: BuilderChoice;
  /** Folder of the project, or of a bento that is there. */
  readonly from: { readonly projectDir: string } | { readonly bentoDir: string };
  readonly platforms: readonly Platform[];
  readonly tags: readonly string[];
  /** As the user names it, where the user does. */
  readonly base?: string | undefined;
  readonly output?: string | undefined;
  readonly push: boolean;
  readonly secrets: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Decides what makes an image, and looks at all that can be known of it before a bento is built for nothing. What the code of a service says of its image is not known
 * yet: `makeImage` looks at that.
 *
 * Throws INVALID_ARGUMENT for a name that no image can have; FAILED_PRECONDITION, one sentence with the next step, for a base that is a path and not there or no base, a place
 * that can't be written, and what `chooseBuilder` refuses.
 */
export async function prepareImage(wanted: WantedImage): Promise<ImageBuilder> {
  const { tags, output, push, secrets, env = process.env, signal } = wanted;
  for (const tag of tags) {
    assertTag(tag);
    if (push) parseReference(tag);
  }
  if (output !== undefined) await assertOutput(resolve(output));
  const { packages, scripts, ...config } = await imageKeys(wanted.from, env);
  const { base, baseDir } =
    wanted.base === undefined
      ? { base: config.base, baseDir: dirOf(wanted.from) }
      : { base: wanted.base, baseDir: process.cwd() };
  if (isBasePath(base, baseDir)) await assertBaseAt(base, { baseDir, signal });
  else parseReference(base);
  const runs = Object.entries({ "image.packages": packages, "image.scripts": scripts, "--secret": secrets });
  return chooseBuilder(wanted.builder, {
    platforms: wanted.platforms,
    base,
    baseDir,
    runs: runs.flatMap(([name, { length }]) => (length === 0 ? [] : [name])),
    env,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function assertOutput(place: string): Promise<void> {
  await assertOutputPlace(place);
  await assertWritable(dirname(place));
}

interface ImageKeys {
  readonly base: string;
  readonly packages: readonly unknown[];
  readonly scripts: readonly unknown[];
}

async function imageKeys(from: WantedImage["from"], env: NonNullable<WantedImage["env"]>): Promise<ImageKeys> {
  if ("bentoDir" in from) return readImagePlan(from.bentoDir);
  return (await projectConfig({ dir: from.projectDir }, { env })).config.image;
}

function dirOf(from: WantedImage["from"]): string {
  return "bentoDir" in from ? from.bentoDir : from.projectDir;
}
