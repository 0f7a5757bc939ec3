import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { ServingError } from "../errors.ts";
import type { Content } from "./types.ts";

/** Content that is held in memory; the bytes are shared, not copied. */
export function contentFromBytes(bytes: Uint8Array): Content {
  return {
    size: bytes.length,
    bytes: () => Promise.resolve(bytes),
    stream: () => Readable.from(bytes.length === 0 ? [] : [bytes]),
  };
}

/**
 * Content of the first `size` bytes of an open file.
 *
 * Whoever opened the file closes it; reading after that throws INTERNAL, since a call's bytes end with the call.
 */
export function contentFromFile(file: FileHandle, size: number): Content {
  const assertOpen = (): void => {
    if (file.fd === -1)
      throw new ServingError("INTERNAL", "an upload was read after its call had ended: keep its bytes while it runs");
  };
  return {
    size,
    bytes: async () => {
      assertOpen();
      return readExactly(file, size);
    },
    stream: () => {
      assertOpen();
      return size === 0 ? Readable.from([]) : file.createReadStream({ start: 0, end: size - 1, autoClose: false });
    },
  };
}

async function readExactly(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0)
      throw new ServingError("INTERNAL", "the temporary file of an upload is shorter than what was written to it");
    filled += bytesRead;
  }
  return bytes;
}
