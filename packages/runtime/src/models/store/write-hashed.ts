import { createHash } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { ServingError } from "../../errors.ts";

/** What the caller of a long copy may want: to see it go on, and to end it. */
export interface CopyOptions {
  /** Told the bytes done so far and of all. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CopyProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Writes chunks to a new file, down to the disk, and returns their number of bytes and SHA-256 (hex). Throws CANCELLED when the signal aborts. */
export async function writeHashed(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  target: {
    readonly path: string;
    readonly onBytes: (bytes: number) => void;
    readonly signal: AbortSignal | undefined;
  },
): Promise<{ readonly size: number; readonly sha256: string }> {
  await mkdir(dirname(target.path), { recursive: true });
  const handle = await open(target.path, "wx", 0o644);
  try {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of chunks) {
      if (target.signal?.aborted === true)
        throw new ServingError("CANCELLED", "the import was cancelled", { cause: target.signal.reason });
      hash.update(chunk);
      await handle.writeFile(chunk);
      size += chunk.length;
      target.onBytes(chunk.length);
    }
    // A model that is listed must outlive a power cut.
    await handle.sync();
    return { size, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}

/** Counts the bytes of several files into one progress. */
export function countProgress(totalBytes: number, onProgress: CopyOptions["onProgress"]): (bytes: number) => void {
  let doneBytes = 0;
  return (bytes) => {
    doneBytes += bytes;
    onProgress?.({ doneBytes, totalBytes });
  };
}
