import { open, readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { sha256OfFile } from "../digest.ts";
import type { StoredFile } from "../store/manifest.ts";
import { LIBTENSORFLOW_VERSION, TFJS_NODE_VERSION } from "./native-library.ts";
import { NATIVE_MANIFEST_NAME, type NativeManifest } from "./native-manifest.ts";

/**
 * Records all files of a prepared TensorFlow, by which it becomes one that is found; to be called last, and once on the disk it is whole.
 *
 * Throws what reading and writing throw.
 */
export async function writeNativeManifest(
  dir: string,
  { origin, signal }: { readonly origin: string; readonly signal: AbortSignal },
): Promise<NativeManifest> {
  const files: StoredFile[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    signal.throwIfAborted();
    if (!entry.isFile() || entry.name === NATIVE_MANIFEST_NAME) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    files.push({ path: relative(dir, path).replaceAll(sep, "/"), size, sha256: await sha256OfFile(path) });
  }
  const manifest: NativeManifest = {
    formatVersion: 1,
    tfjsNode: TFJS_NODE_VERSION,
    libtensorflow: LIBTENSORFLOW_VERSION,
    platform: `${process.platform}-${process.arch}`,
    origin,
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  const handle = await open(join(dir, NATIVE_MANIFEST_NAME), "wx");
  try {
    await handle.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return manifest;
}
