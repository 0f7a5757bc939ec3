import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import type { CopyOptions } from "@bento-ts/runtime/models-store";
import { diskFault } from "../files/disk-fault.ts";
import type { ListedFile } from "../files/file-list.ts";
import { archiveHeader, END, paddingBytes } from "./archive-header.ts";
import { type BentoManifest, encodeBentoManifest } from "./bento-manifest.ts";
import { type BentoLayout, treePath } from "./store-layout.ts";

/** Names of an export's entries: each says the digest of its bytes. */
export const ENTRY = {
  manifest: (sha256: string): string => `bento/sha256/${sha256}.json`,
  blob: (sha256: string): string => `blobs/sha256/${sha256}`,
} as const;

/** Each content of a bento once, in the order of its first file. */
export function contentsOf({ files }: BentoManifest): readonly ListedFile[] {
  return [...new Map(files.toReversed().map((file) => [file.sha256, file])).values()].toReversed();
}

/**
 * Writes a stored bento as one plain tar: its manifest, then each content once; the same bytes for the same bento.
 *
 * Whole or not at all. Throws FAILED_PRECONDITION when a file of the store was changed, or a folder stands at the place.
 */
export async function exportBento(
  layout: BentoLayout,
  {
    manifest,
    file,
    options,
  }: { readonly manifest: BentoManifest; readonly file: string; readonly options: CopyOptions },
): Promise<void> {
  const isFolder = file === "" || (await stat(file).catch(() => undefined))?.isDirectory() === true;
  if (isFolder) throw new ServingError("FAILED_PRECONDITION", `"${file}" is no name of a file: name one to export to`);
  const draft = `${file}.${randomUUID()}.part`;
  try {
    const { signal } = options;
    const out = createWriteStream(draft, { flush: true });
    await pipeline(
      archiveBytes(treePath(layout, manifest.digest), manifest, options),
      out,
      signal === undefined ? {} : { signal },
    );
    await rename(draft, file);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw diskFault(cause, dirname(file));
  } finally {
    await rm(draft, { force: true });
  }
}

async function* archiveBytes(
  root: string,
  manifest: BentoManifest,
  { onProgress }: CopyOptions,
): AsyncGenerator<Uint8Array> {
  const head = Buffer.from(encodeBentoManifest(manifest));
  yield archiveHeader({ name: ENTRY.manifest(createHash("sha256").update(head).digest("hex")), size: head.length });
  yield head;
  yield Buffer.alloc(paddingBytes(head.length));
  const contents = contentsOf(manifest);
  const totalBytes = contents.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  for (const content of contents) {
    yield archiveHeader({ name: ENTRY.blob(content.sha256), size: content.size });
    for await (const chunk of checkedBytes(root, content)) {
      doneBytes += chunk.length;
      onProgress?.({ doneBytes, totalBytes });
      yield chunk;
    }
    yield Buffer.alloc(paddingBytes(content.size));
  }
  yield END;
}

async function* checkedBytes(root: string, { path, sha256 }: ListedFile): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(join(root, path), { highWaterMark: 1024 * 1024 })) {
    const bytes = chunk as Uint8Array;
    hash.update(bytes);
    yield bytes;
  }
  if (hash.digest("hex") === sha256) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `"${path}" in the bento store was changed after it was stored: delete the bento and build it anew`,
  );
}
