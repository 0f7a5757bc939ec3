import { randomUUID } from "node:crypto";
import { chmod, constants, copyFile, link, mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ServingError } from "../../errors.ts";
import { sha256OfFile, shortDigest } from "../digest.ts";
import { blobPath, manifestPath, type StoreLayout, treePath } from "./layout.ts";
import { encodeManifest, type ModelManifest, parseManifest, type StoredFile } from "./manifest.ts";

/**
 * Puts a staged model into the store: its files under `staged`, complete and of the digests that the manifest names.
 *
 * Whole or not at all, and in any order with other processes that import or collect garbage: each step is one atomic link or rename, and the
 * manifest, which makes the model visible, comes last. Returns the manifest that counts: the one that was there when the tag already holds this content.
 * Throws FAILED_PRECONDITION when the tag holds another model.
 */
export async function placeModel(layout: StoreLayout, staged: string, manifest: ModelManifest): Promise<ModelManifest> {
  await mkdir(layout.blobs, { recursive: true });
  for (const file of manifest.files) await shareBlob(layout, join(staged, file.path), file);
  await placeTree(layout, staged, manifest);
  const placed = await placeManifest(layout, staged, manifest);
  // A garbage collection that had not seen the manifest may have taken the tree; from now on none will.
  if (!(await isTreeWhole(layout, manifest))) await placeTree(layout, staged, manifest);
  return placed;
}

/** Whether the files of a model are in place with the right content; reads them all. */
export async function isTreeWhole(layout: StoreLayout, manifest: ModelManifest): Promise<boolean> {
  const tree = treePath(layout, manifest.digest);
  for (const { path, sha256 } of manifest.files) {
    if (!(await hasContent(join(tree, path), sha256))) return false;
  }
  return true;
}

/** Whether a file exists and holds what its digest says. */
async function hasContent(path: string, sha256: string): Promise<boolean> {
  try {
    return (await sha256OfFile(path)) === sha256;
  } catch {
    // Missing or unreadable: it will be written anew.
    return false;
  }
}

/** Makes staged file and blob one: the blob is made from the file, or the file becomes a link to the blob that exists. */
async function shareBlob(layout: StoreLayout, stagedPath: string, { sha256 }: StoredFile): Promise<void> {
  await chmod(stagedPath, 0o444);
  const shared = `${stagedPath}.${randomUUID()}`;
  if (await takeBlob(layout, sha256, shared)) {
    await rename(shared, stagedPath);
    return;
  }
  // What is there under this name, if anything, is damaged.
  const blob = blobPath(layout, sha256);
  await rm(blob, { force: true });
  await linkOrCopy(stagedPath, blob).catch(ignoreExisting);
}

/**
 * Links a blob of the store to `target`; false when there is none with the right content.
 *
 * Links first and reads then: whatever becomes of the blob's name, the link keeps its bytes.
 */
export async function takeBlob(layout: StoreLayout, sha256: string, target: string): Promise<boolean> {
  try {
    await linkOrCopy(blobPath(layout, sha256), target);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw cause;
  }
  if (await hasContent(target, sha256)) return true;
  await rm(target, { force: true });
  return false;
}

async function placeTree(layout: StoreLayout, staged: string, manifest: ModelManifest): Promise<void> {
  const target = treePath(layout, manifest.digest);
  const copy = `${staged}.${randomUUID()}`;
  try {
    for (const { path } of manifest.files) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await linkOrCopy(join(staged, path), join(copy, path));
    }
    await mkdir(layout.trees, { recursive: true });
    try {
      await rename(copy, target);
    } catch (cause) {
      if (!isCode(cause, "ENOTEMPTY", "EEXIST", "EPERM")) throw cause;
      if (await isTreeWhole(layout, manifest)) return;
      await rename(target, `${copy}.damaged`);
      await rename(copy, target);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
    await rm(`${copy}.damaged`, { recursive: true, force: true });
  }
}

async function placeManifest(layout: StoreLayout, staged: string, manifest: ModelManifest): Promise<ModelManifest> {
  const target = manifestPath(layout, manifest);
  const draft = `${staged}.json`;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(draft, encodeManifest(manifest), { flush: true });
  try {
    await linkOrCopy(draft, target);
    return manifest;
  } catch (cause) {
    if (!isCode(cause, "EEXIST")) throw cause;
    const taken = parseManifest(await readFile(target, "utf8"), target);
    if (taken.digest === manifest.digest) return taken;
    const tag = `${manifest.name}:${manifest.version}`;
    throw new ServingError(
      "FAILED_PRECONDITION",
      `"${tag}" is taken by another model (${shortDigest(taken.digest)}…, this one is ${shortDigest(manifest.digest)}…): choose another version, or delete "${tag}" first`,
    );
  } finally {
    await unlink(draft);
  }
}

/** A second name for a file that never replaces one; a copy where the file system has no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (cause) {
    if (!isCode(cause, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV")) throw cause;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

function ignoreExisting(cause: unknown): void {
  // Another process put the same content there in between.
  if (!isCode(cause, "EEXIST")) throw cause;
}

function isCode(cause: unknown, ...codes: readonly string[]): boolean {
  return cause instanceof Error && "code" in cause && codes.includes(String(cause.code));
}
