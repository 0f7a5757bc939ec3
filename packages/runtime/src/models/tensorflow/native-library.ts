import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import { sha256OfFile } from "../digest.ts";
import type { StoredFile } from "../store/manifest.ts";
import { NATIVE_MANIFEST_NAME, type NativeManifest, parseNativeManifest } from "./native-manifest.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The version of @tensorflow/tfjs-node whose addon is prepared, and of the libtensorflow that it is linked with. */
export const TFJS_NODE_VERSION = "4.22.0";
export const LIBTENSORFLOW_VERSION = "2.15.1";
/** What brings the library; for messages. */
export const INSTALL_COMMAND = "bento-ts tensorflow install";

/** What the runtime calls the library by. */
const KOFFI = "node_modules/koffi/package.json";

/** A prepared native TensorFlow on this machine. */
export interface NativeTensorFlow {
  /** The prepared @tensorflow/tfjs-node, with all that it requires: `createRequire(join(addonDir, "package.json"))(addonDir)` loads it. */
  readonly addonDir: string;
  /** Folder of `libtensorflow_cc.so.2` and `libtensorflow_framework.so.2`. */
  readonly libraryDir: string;
  /** Of libtensorflow: "2.15.1". */
  readonly version: string;
}

/**
 * Finds the native TensorFlow that `bento-ts tensorflow install` prepared for this platform; undefined when there is none.
 *
 * Looks at the manifest, which is written last, and at the size of each file that it lists, some microseconds each; `verifyNativeTensorFlow` reads them all.
 * Throws FAILED_PRECONDITION when files are missing or cut, the manifest can't be read or it is of a time when koffi did not belong to it.
 */
export function findNativeTensorFlow(env: Environment): NativeTensorFlow | undefined {
  const addonDir = nativeTensorFlowDir(env);
  const manifest = readManifest(addonDir);
  if (manifest === undefined) return undefined;
  if (!manifest.files.some(({ path }) => path === KOFFI))
    throw damaged(addonDir, `${KOFFI} is not in it, as in those that older versions prepared`);
  for (const { path, size } of manifest.files) {
    const found = statSync(join(addonDir, path), { throwIfNoEntry: false })?.size;
    if (found !== size) throw damaged(addonDir, `${path}: expected ${size} bytes, got ${found ?? "no file"}`);
  }
  return { addonDir, libraryDir: join(addonDir, "deps/lib"), version: manifest.libtensorflow };
}

/**
 * The native TensorFlow that a model can't do without; `subject` says which model: `the SavedModel "pitch"`.
 *
 * Throws FAILED_PRECONDITION, with the command that brings it, when it is not installed or is damaged.
 */
export function requireNativeTensorFlow(env: Environment, subject: string): NativeTensorFlow {
  const found = findNativeTensorFlow(env);
  if (found !== undefined) return found;
  const dir = nativeTensorFlowDir(env);
  throw new ServingError(
    "FAILED_PRECONDITION",
    `${subject} needs the native TensorFlow, which is not installed in ${dir}: run "${INSTALL_COMMAND}", once for all projects of a user`,
  );
}

/** All files of a prepared TensorFlow, by paths relative to its folder, with slashes. Throws FAILED_PRECONDITION when its manifest can't be read. */
export function nativeTensorFlowFiles({ addonDir }: Pick<NativeTensorFlow, "addonDir">): readonly StoredFile[] {
  return readManifest(addonDir)?.files ?? [];
}

/** Reads every file of a prepared TensorFlow (0.5 GB). Throws FAILED_PRECONDITION for the first whose SHA-256 is not the manifest's. */
export async function verifyNativeTensorFlow({ addonDir }: NativeTensorFlow, signal?: AbortSignal): Promise<void> {
  for (const { path, sha256 } of readManifest(addonDir)?.files ?? []) {
    signal?.throwIfAborted();
    const found = await sha256OfFile(join(addonDir, path));
    if (found !== sha256) throw damaged(addonDir, `${path}: its SHA-256 is not the one that was recorded`);
  }
}

/**
 * Where the TensorFlow for these versions and this platform is: `BENTO_TENSORFLOW_DIR`, which images set; else where it is prepared, one cache for all
 * projects of a user.
 */
export function nativeTensorFlowDir(env: Environment): string {
  const given = env["BENTO_TENSORFLOW_DIR"];
  if (given !== undefined && given !== "") return given;
  const platform = `${process.platform}-${process.arch}`;
  const home = env["BENTO_HOME"] || join(homedir(), ".bento-ts");
  return join(home, "tensorflow", `${TFJS_NODE_VERSION}-${LIBTENSORFLOW_VERSION}-${platform}`);
}

function readManifest(addonDir: string): NativeManifest | undefined {
  const path = join(addonDir, NATIVE_MANIFEST_NAME);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
      return undefined;
    throw new ServingError("FAILED_PRECONDITION", `${path} can't be read: check who may read it`, { cause });
  }
  const manifest = parseNativeManifest(text);
  if (manifest === undefined) throw damaged(addonDir, `${NATIVE_MANIFEST_NAME} is none`);
  return manifest;
}

function damaged(addonDir: string, what: string): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `the native TensorFlow in ${addonDir} is damaged (${what}): run "${INSTALL_COMMAND}", which prepares it again`,
  );
}
