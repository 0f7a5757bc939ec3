import { join } from "node:path";
import { type BentoModel, ServingError } from "@bento-ts/runtime/definition";
import {
  findNativeTensorFlow,
  INSTALL_COMMAND,
  isTfjsFile,
  NATIVE_MANIFEST_NAME,
  nativeTensorFlowFiles,
  requireNativeTensorFlow,
  WASM_COMMAND,
  WASM_PACKAGES,
} from "@bento-ts/runtime/tensorflow";
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
  readonly models: readonly Pick<BentoModel, "engine" | "source" | "path">[];
  /** Names of the packages that the service asks for itself. */
  readonly packages: readonly string[];
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Puts the native TensorFlow that is prepared on this machine into a bento that has a model for it; undefined where none has, and where its models are of
 * TF.js, the native one can't be had and the project brings the packages that compute them in WebAssembly.
 *
 * Throws FAILED_PRECONDITION when it is not prepared, and when the bento is for another platform: it is built by a compiler of its own.
 */
export function stageTensorFlow(
  stage: string,
  { models, platform, env, packages }: StageTensorFlowOptions,
): StagedTensorFlow | undefined {
  const served = models.filter(({ engine }) => engine === "tensorflow");
  const saved = served.find((one) => !isTfjs(one));
  const model = saved ?? served[0];
  if (model === undefined) return undefined;
  const own = ownMachine();
  const isOwn = own.os === platform.os && own.cpu === platform.cpu;
  if (saved === undefined && !(isOwn && findNativeTensorFlow(env) !== undefined)) {
    if (WASM_PACKAGES.every((name) => packages.includes(name))) return undefined;
    throw new ServingError(
      "FAILED_PRECONDITION",
      `model "${model.source}" needs the native TensorFlow ${isOwn ? "" : `of ${platform.os}/${platform.cpu} `}or TensorFlow.js among the project's dependencies: run ${isOwn ? `"${INSTALL_COMMAND}" or ` : ""}"${WASM_COMMAND}"`,
    );
  }
  if (!isOwn) {
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

/** Whether a model is one of TF.js: by its file in the bento, or by the path of one that is mounted later. */
function isTfjs({ path, source }: Pick<BentoModel, "path" | "source">): boolean {
  return isTfjsFile(path ?? source);
}
