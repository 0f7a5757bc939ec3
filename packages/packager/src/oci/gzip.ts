import { setImmediate as nextTurn } from "node:timers/promises";
import { Gzip } from "fflate";

/** Names the compressor in keys of caches: other bytes come of another version or level. */
export const GZIP_ID = "fflate-0.8.3-6";

/** What is compressed at once, in bytes: where a stream is cut decides the bytes that come out. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Compresses bytes into a gzip file without a time or a name: the same bytes in, however cut, give the same bytes out, on every machine and version of Node.
 *
 * Not `node:zlib`, whose bytes differ between versions of Node, as they do between builds of zlib. It takes twice the time (8 s for the 127 MB of Node, 45.4 MB
 * come out), once: layers are kept. Source: RFC 1952.
 */
export async function* gzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = [];
  const compressor = new Gzip({ level: 6, mtime: 0 }, (chunk) => out.push(chunk));
  for await (const piece of pieces(bytes)) {
    compressor.push(piece);
    yield* out;
    out = [];
    // A long computation must not keep signals from being heard.
    await nextTurn();
  }
  compressor.push(new Uint8Array(0), true);
  yield* out;
}

/** Cuts a stream into pieces of one length; the last is shorter. */
async function* pieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The compressor keeps a piece for as long as it looks back, so each has memory of its own.
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + PIECE_BYTES - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
