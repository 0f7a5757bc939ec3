import { chmod, copyFile, constants, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { BlobStore } from "../blobs/blob-store.ts";
import { diskFault, makeFolder } from "../files/disk-fault.ts";
import { assertReplaceable, replaceFolder } from "../files/replace-folder.ts";
import { REF_NAME, takeImage } from "./read-layout.ts";
import type { Descriptor } from "./types.ts";

/**
 * Writes an image as an OCI layout; the folder appears whole or not at all, and takes the place of an earlier layout.
 *
 * Throws FAILED_PRECONDITION when something else stands there. Source: OCI Image Format 1.1, "Image Layout".
 */
export async function writeLayout(
  root: Descriptor,
  {
    dir,
    tags,
    blobs,
    signal,
  }: {
    readonly dir: string;
    readonly tags: readonly string[];
    readonly blobs: BlobStore;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const place = resolve(dir);
  await assertReplaceable(place, "OCI layout");
  await makeFolder(dirname(place));
  const stage = await mkdtemp(join(dirname(place), `.${basename(place)}-`)).catch((cause: unknown) => {
    throw diskFault(cause, dirname(place));
  });
  try {
    for (const [name, text] of Object.entries(layoutFiles(root, tags))) await writeFile(join(stage, name), text);
    await mkdir(join(stage, "blobs", "sha256"), { recursive: true });
    await takeImage(root, blobs, async ({ digest }) => {
      signal?.throwIfAborted();
      const to = join(stage, "blobs", ...digest.split(":", 2));
      await copyFile(await blobs.path(digest), to, constants.COPYFILE_FICLONE);
    });
    // Temporary folders are their maker's alone; an image is read by whoever copies it.
    await chmod(stage, 0o755);
    await replaceFolder(stage, place, "OCI layout");
  } catch (cause) {
    throw diskFault(cause, dirname(place));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The two files of a layout beside its blobs, by name. Each tag is a name of the same image. */
export function layoutFiles(root: Descriptor, tags: readonly string[]): Readonly<Record<string, string>> {
  const manifests = tags.map((tag) => ({ ...root, annotations: { [REF_NAME]: tag } }));
  return {
    "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
    "index.json": JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests }),
  };
}
