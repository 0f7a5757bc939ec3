import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import type { BlobStore } from "../blobs/blob-store.ts";
import { findRecord, putRecord, type RecordName } from "../blobs/records.ts";
import { fileFacts } from "../files/hashed-copy.ts";
import type { OnBuildEvent } from "../progress.ts";
import { gzip, GZIP_ID } from "./gzip.ts";
import type { LayerEntry } from "./layer-entries.ts";
import { TAR_ID, tarLayer } from "./tar-layer.ts";
import { type Descriptor, MEDIA_TYPES } from "./types.ts";

/** A layer in the store of blobs. */
export interface BuiltLayer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar, "sha256:…". */
  readonly diffId: string;
  /** Of the uncompressed tar. */
  readonly bytes: number;
  /** Whether an earlier build had made it. */
  readonly isReused: boolean;
}

interface LayerOptions {
  /** For the progress. */
  readonly name: string;
  readonly blobs: BlobStore;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnBuildEvent | undefined;
}

/** Makes the layer of these files, unless an earlier build has made it. */
export async function buildLayer(entries: readonly LayerEntry[], options: LayerOptions): Promise<BuiltLayer> {
  const facts = entries.map(({ path, isProgram, size, sha256 }) => [path, isProgram, size, sha256]);
  const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
  return compressedLayer({ key: JSON.stringify([TAR_ID, facts]), tar: () => tarLayer(entries), totalBytes }, options);
}

/** Compresses the tar of a layer, unless an earlier build has: `key` says what is in the tar. */
export async function compressedLayer(
  source: { readonly key: string; readonly tar: () => Readable; readonly totalBytes: number },
  { name, blobs, signal, onEvent }: LayerOptions,
): Promise<BuiltLayer> {
  const record: RecordName = { kind: "layers", key: `${GZIP_ID}\n${source.key}` };
  const known = await wholeLayer(await findRecord(blobs, record), blobs);
  if (known !== undefined) return { ...known, isReused: true };
  const { totalBytes } = source;
  const hash = createHash("sha256");
  const tell = (doneBytes: number): void => onEvent?.({ kind: "bytes", task: "layer", name, doneBytes, totalBytes });
  let bytes = 0;
  tell(0);
  const counted = tap(source.tar(), hash, (length) => {
    bytes += length;
    tell(Math.min(bytes, totalBytes));
  });
  const { digest, size } = await blobs.put(Readable.from(gzip(counted, signal)), {}, signal);
  tell(totalBytes);
  const descriptor: Descriptor = { mediaType: MEDIA_TYPES.layer, digest, size };
  const made = { descriptor, diffId: `sha256:${hash.digest("hex")}`, bytes };
  await putRecord(blobs, record, made);
  return { ...made, isReused: false };
}

type LayerRecord = Omit<BuiltLayer, "isReused">;

/** What is known of a layer whose blob is there, whole: one that a failing disk has changed is made anew. */
async function wholeLayer(record: unknown, blobs: BlobStore): Promise<LayerRecord | undefined> {
  const known = record as LayerRecord | undefined;
  const blob = known === undefined ? undefined : await blobs.find(known.descriptor.digest);
  if (known === undefined || blob === undefined) return undefined;
  const { sha256, size } = await fileFacts(blob);
  return `sha256:${sha256}` === known.descriptor.digest && size === known.descriptor.size ? known : undefined;
}

async function* tap(
  bytes: AsyncIterable<Uint8Array>,
  hash: Hash,
  onBytes: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
}
