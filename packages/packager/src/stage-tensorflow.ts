import { join } from "node:path";
import { type BentoModel, ServingError } from "@bento-ts/runtime/definition";
import { NATIVE_MANIFEST_NAME, nativeTensorFlowFiles, requireNativeTensorFlow } from "@bento-ts/runtime/tensorflow";
import { bringInto } from "./files/write-tree.ts";
import { ownMachine, type Platform } from "./platform.ts";

/** Where the native TensorFlow lies in a bento. */
export const TENSORFLOW_FOLDER = "tensorflow";

/** The native TensorFlow of a staged bento. */
export interface StagedTensorFlow {
  /** Of libtensorflow. */
  readonly version: string;
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

interface StageTensorFlowOptions {
  readonly models: readonly Pick<BentoModel, "engine" | "source">[];
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Puts the native TensorFlow that is prepared on this machine into a bento that has a model for it; undefined where none has.
 *
 * Throws FAILED_PRECONDITION when it is not prepared, and when the bento is for another platform: it is built by a compiler of its own.
 */
export function stageTensorFlow(
  stage: string,
  { models, platform, env }: StageTensorFlowOptions,
): StagedTensorFlow | undefined {
  const model = models.find(({ engine }) => engine === "tensorflow");
  if (model === undefined) return undefined;
  const own = ownMachine();
  if (own.os !== platform.os || own.cpu !== platform.cpu) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `model "${model.source}" needs the native TensorFlow, which a machine prepares for itself: build for ${platform.os}/${platform.cpu} on such a machine, this one is ${own.os}/${own.cpu}`,
    );
  }
  const found = requireNativeTensorFlow(env, `model "${model.source}"`);
  const files = nativeTensorFlowFiles(found);
  const paths = [...files.map(({ path }) => path), NATIVE_MANIFEST_NAME];
  const bytes = bringInto(found.addonDir, join(stage, TENSORFLOW_FOLDER), { files: paths, areFixed: true });
  return { version: found.version, bytes, files };
}
