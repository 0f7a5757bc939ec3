import { createReadStream } from "node:fs";
import { copyFile, link, mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { ParsedTarEntry } from "modern-tar";
import { ServingError } from "../../errors.ts";
import { ARCHIVE_MANIFEST, archiveBlob } from "./export-model.ts";
import type { StoreLayout } from "./layout.ts";
import { MAX_MANIFEST_BYTES, type ModelManifest, parseManifest } from "./manifest.ts";
import { isTreeWhole, placeModel, takeBlob } from "./place-model.ts";
import { readManifest } from "./read-manifests.ts";
import { withStaging } from "./staging.ts";
import { type CopyOptions, countProgress, writeHashed } from "./write-hashed.ts";

/** What an archive brought. */
export interface ImportedArchive {
  readonly manifest: ModelManifest;
  /** Files whose content was in the store before. */
  readonly skippedFiles: number;
}

/** Takes a model out of an archive; see `ModelStore.importArchive`. The archive may come from a stranger. */
export async function importArchive(layout: StoreLayout, file: string, options: CopyOptions): Promise<ImportedArchive> {
  if ((await stat(file).catch(() => undefined))?.isFile() !== true) {
    throw new ServingError("NOT_FOUND", `there is no model archive "${basename(file)}"`, { details: { path: file } });
  }
  // Loaded here: an author's service that only loads models never needs it.
  const { createTarDecoder } = await import("modern-tar");
  const stop = new AbortController();
  const entries = Readable.toWeb(createReadStream(file)).pipeThrough(createTarDecoder({ strict: true }), {
    signal: stop.signal,
  });
  try {
    return await withStaging(layout, (dir) => unpack(layout, { entries, dir, options }));
  } catch (cause) {
    if (cause instanceof ServingError && cause.code !== "FAILED_PRECONDITION") throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError("FAILED_PRECONDITION", `"${basename(file)}" cannot be imported: ${reason}`, { cause });
  } finally {
    // Closes the file when not all of it was wanted.
    stop.abort();
  }
}

interface Unpacking {
  readonly entries: AsyncIterable<ParsedTarEntry>;
  readonly dir: string;
  readonly options: CopyOptions;
}

async function unpack(layout: StoreLayout, { entries, dir, options }: Unpacking): Promise<ImportedArchive> {
  let incoming: Incoming | undefined;
  for await (const entry of entries) {
    if (entry.header.type !== "file")
      throw refused(`it holds a ${entry.header.type} ${quoted(entry.header.name)}, and only files are allowed`);
    if (incoming !== undefined) {
      await stageBlob(layout, entry, incoming);
      continue;
    }
    const manifest = await readArchiveManifest(entry);
    const known = await readManifest(layout, manifest);
    if (known?.digest === manifest.digest && (await isTreeWhole(layout, known)))
      return { manifest: known, skippedFiles: known.files.length };
    incoming = expectFiles(manifest, { dir, options });
  }
  if (incoming === undefined) throw refused("it is empty");
  const { manifest, waiting, skipped, blobs } = incoming;
  const [missing] = waiting.values();
  if (missing !== undefined) throw refused(`it ends before ${missing.paths.join(", ")}`);
  const staged = join(dir, "model");
  for (const { path, sha256 } of manifest.files) await linkInto(join(blobs, sha256), join(staged, path));
  const skippedFiles = manifest.files.filter(({ sha256 }) => skipped.has(sha256)).length;
  return { manifest: await placeModel(layout, staged, manifest), skippedFiles };
}

/** What is still to come, by the name of its entry. */
interface Incoming {
  readonly manifest: ModelManifest;
  readonly blobs: string;
  readonly waiting: Map<string, { readonly sha256: string; readonly size: number; readonly paths: readonly string[] }>;
  readonly skipped: Set<string>;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

function expectFiles(
  manifest: ModelManifest,
  { dir, options }: { readonly dir: string; readonly options: CopyOptions },
): Incoming {
  const waiting: Incoming["waiting"] = new Map();
  for (const { path, sha256, size } of manifest.files) {
    const paths = waiting.get(archiveBlob(sha256))?.paths ?? [];
    waiting.set(archiveBlob(sha256), { sha256, size, paths: [...paths, path] });
  }
  const totalBytes = [...waiting.values()].reduce((sum, { size }) => sum + size, 0);
  const onBytes = countProgress(totalBytes, options.onProgress);
  return { manifest, blobs: join(dir, "blobs"), waiting, skipped: new Set(), onBytes, signal: options.signal };
}

async function readArchiveManifest(entry: ParsedTarEntry): Promise<ModelManifest> {
  const { name, size } = entry.header;
  if (name !== ARCHIVE_MANIFEST || size > MAX_MANIFEST_BYTES) {
    throw refused(`expected ${ARCHIVE_MANIFEST} as its first file, got ${quoted(name)} of ${size} bytes`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry.body) chunks.push(chunk);
  return parseManifest(Buffer.concat(chunks).toString("utf8"), ARCHIVE_MANIFEST);
}

/** Stages one file under its digest. Names of entries never become paths: they are only looked up among the announced ones. */
async function stageBlob(layout: StoreLayout, entry: ParsedTarEntry, incoming: Incoming): Promise<void> {
  const { name, size } = entry.header;
  const expected = incoming.waiting.get(name);
  if (expected === undefined) throw refused(`it holds ${quoted(name)}, which its manifest does not name`);
  const path = expected.paths.join(", ");
  if (size !== expected.size) throw refused(`${path}: expected ${expected.size} bytes, got ${size}`);
  incoming.waiting.delete(name);
  const target = join(incoming.blobs, expected.sha256);
  await mkdir(incoming.blobs, { recursive: true });
  if (await takeBlob(layout, expected.sha256, target)) {
    incoming.skipped.add(expected.sha256);
    await entry.body.cancel();
    incoming.onBytes(size);
    return;
  }
  const { sha256 } = await writeHashed(entry.body, {
    path: target,
    onBytes: incoming.onBytes,
    signal: incoming.signal,
  });
  if (sha256 !== expected.sha256)
    throw refused(
      `the content of ${path} was changed: expected sha256 ${expected.sha256.slice(0, 12)}…, got ${sha256.slice(0, 12)}…`,
    );
}

async function linkInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}

function refused(reason: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", reason);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
