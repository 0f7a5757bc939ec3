import { isStoredFile, type StoredFile } from "../store/manifest.ts";

/** Name of the file that makes a prepared TensorFlow visible: it is written last. */
export const NATIVE_MANIFEST_NAME = "bento-tensorflow.json";

/** What a prepared native TensorFlow consists of; stored as JSON in its folder. */
export interface NativeManifest {
  readonly formatVersion: 1;
  /** Version of @tensorflow/tfjs-node. */
  readonly tfjsNode: string;
  /** Version of libtensorflow, as it tells itself. */
  readonly libtensorflow: string;
  /** `<process.platform>-<process.arch>`: "linux-x64". */
  readonly platform: string;
  /** Where the library came from, in words. */
  readonly origin: string;
  readonly files: readonly StoredFile[];
}

/** Parses a manifest; undefined for anything but a whole one whose paths stay inside its folder. */
export function parseNativeManifest(text: string): NativeManifest | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    // Cut short or never ours: the caller says so, with the file's name.
    return undefined;
  }
  return isNativeManifest(manifest) ? manifest : undefined;
}

function isNativeManifest(value: unknown): value is NativeManifest {
  if (typeof value !== "object" || value === null) return false;
  const { formatVersion, tfjsNode, libtensorflow, platform, origin, files } = value as Partial<NativeManifest>;
  return (
    formatVersion === 1 &&
    [tfjsNode, libtensorflow, platform, origin].every((text) => typeof text === "string") &&
    Array.isArray(files) &&
    files.length > 0 &&
    files.every(isStoredFile)
  );
}
