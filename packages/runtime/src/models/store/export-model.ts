import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TarPackController } from "modern-tar";
import { ServingError } from "../../errors.ts";
import { type StoreLayout, treePath } from "./layout.ts";
import { encodeManifest, type ModelManifest, type StoredFile } from "./manifest.ts";
import { type CopyOptions, countProgress } from "./write-hashed.ts";

/** Name of an archive's first entry. */
export const ARCHIVE_MANIFEST = "manifest.json";

/** Name of the entry that holds a file's bytes. */
export function archiveBlob(sha256: string): string {
  return `blobs/sha256/${sha256}`;
}

/** Writes a stored model as one plain tar: its manifest first, then each distinct file; see `ModelStore.export`. */
export async function exportModel(
  layout: StoreLayout,
  request: { readonly manifest: ModelManifest; readonly file: string; readonly options: CopyOptions },
): Promise<void> {
  const { manifest, file, options } = request;
  // Loaded here: an author's service that only loads models never needs it.
  const { createTarPacker } = await import("modern-tar");
  const { readable, controller } = createTarPacker();
  const draft = `${file}.${randomUUID()}.part`;
  const root = treePath(layout, manifest.digest);
  try {
    const written = pipeline(Readable.fromWeb(readable), createWriteStream(draft, { flush: true }));
    // Both have ended before the draft is removed or renamed; what packing says is the cause of what writing says.
    for (const ended of await Promise.allSettled([packModel(controller, { manifest, root, options }), written])) {
      if (ended.status === "rejected") throw ended.reason;
    }
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

interface Packing {
  readonly manifest: ModelManifest;
  readonly root: string;
  readonly options: CopyOptions;
}

async function packModel(controller: TarPackController, { manifest, root, options }: Packing): Promise<void> {
  const bySha256 = new Map(manifest.files.map((file) => [file.sha256, file]));
  const onBytes = countProgress(
    [...bySha256.values()].reduce((sum, { size }) => sum + size, 0),
    options.onProgress,
  );
  try {
    const head = Buffer.from(encodeManifest(manifest));
    await addEntry(controller, { name: ARCHIVE_MANIFEST, size: head.length, chunks: [head] });
    for (const [sha256, file] of bySha256) {
      const chunks = checked(createReadStream(join(root, file.path)), { file, onBytes, signal: options.signal });
      await addEntry(controller, { name: archiveBlob(sha256), chunks, size: file.size });
    }
    controller.finalize();
  } catch (cause) {
    controller.error(cause);
    throw cause;
  }
}

async function addEntry(
  controller: TarPackController,
  entry: {
    readonly name: string;
    readonly size: number;
    readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  },
): Promise<void> {
  // Time and owner are fixed: the same model gives the same archive.
  const header = { name: entry.name, size: entry.size, type: "file", mode: 0o644, mtime: new Date(0) } as const;
  const writer = controller.add(header).getWriter();
  for await (const chunk of entry.chunks) await writer.write(chunk);
  await writer.close();
}

interface Checking {
  readonly file: StoredFile;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** Passes a file's bytes on and throws at their end unless they are the recorded ones. */
async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  { file, onBytes, signal }: Checking,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    if (signal?.aborted === true)
      throw new ServingError("CANCELLED", "the export was cancelled", { cause: signal.reason });
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
  if (hash.digest("hex") === file.sha256) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `"${file.path}" was changed after it was imported: delete the model and import it again`,
  );
}
