import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { type Duplex, PassThrough, pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ServingError } from "@bento-ts/runtime/definition";
import { extract, type Header } from "tar-stream";

/** One entry of a tar; its bytes must be read before the next one is asked for, or they are lost. */
export interface TarEntry {
  readonly header: Header;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar file, plain or compressed by gzip, in their order.
 *
 * Throws FAILED_PRECONDITION for a file that is no tar, or ends too early. `name` is the file for the message.
 */
export async function* tarEntries(
  path: string,
  { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<TarEntry> {
  const parser = extract();
  const plain = await plainBytes(path);
  plain.on("error", (cause) => parser.destroy(cause));
  const stop = (): void => parser.destroy(new Error("interrupted"));
  signal?.addEventListener("abort", stop, { once: true });
  plain.pipe(parser);
  const fail = (cause: unknown): never => {
    signal?.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : "it can't be read";
    throw new ServingError("FAILED_PRECONDITION", `${name} is no whole tar: ${reason}`, { cause });
  };
  try {
    for await (const entry of parser) {
      yield { header: entry.header, bytes: bytesOf(entry as AsyncIterable<Uint8Array>, fail) };
      entry.resume();
    }
  } catch (cause) {
    fail(cause);
  } finally {
    signal?.removeEventListener("abort", stop);
    plain.destroy();
  }
}

/** A tar that ends inside of an entry shows to who reads its bytes first. */
async function* bytesOf(bytes: AsyncIterable<Uint8Array>, fail: (cause: unknown) => never): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    fail(cause);
  }
}

/**
 * The bytes of a file, decompressed where gzip or zstd has compressed it.
 *
 * Throws FAILED_PRECONDITION for zstd on a Node that can't read it. Source: RFC 1952, "ID1" and "ID2"; RFC 8878, "Magic_Number".
 */
export async function plainBytes(path: string): Promise<Readable> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(async () => file.close());
  const decompressor = decompressorFor(buffer);
  const bytes = createReadStream(path, { highWaterMark: 1024 * 1024 });
  // The callback keeps an error from being nobody's: readers of the result get it as well.
  return pipeline(bytes, decompressor, () => undefined);
}

function decompressorFor(start: Buffer): Duplex {
  if (start.readUInt16BE() === 0x1f8b) return createGunzip();
  if (start.readUInt32LE() !== 0xfd2fb528) return new PassThrough();
  // From Node 22.15 on.
  const zlib: { readonly createZstdDecompress?: () => Duplex } = process.getBuiltinModule("node:zlib");
  if (zlib.createZstdDecompress !== undefined) return zlib.createZstdDecompress();
  throw new ServingError(
    "FAILED_PRECONDITION",
    "a layer is compressed by zstd: run the build with Node 22.15 or newer",
  );
}
