import { randomUUID } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import { contentFromBytes, contentFromFile } from "../../io/content.ts";
import type { Content } from "../../io/types.ts";

/** Bytes that are kept in memory before a file takes over. */
const SPOOL_THRESHOLD_BYTES = 1024 * 1024;

/**
 * Takes bytes one chunk after the other: in memory up to 1 MiB, past that in a temporary file.
 *
 * Life: `write`… → `finish` → `dispose`. The file has no name from its first moment on, so that nothing stays behind whatever happens to the
 * process; only this process can read it. Writes must be awaited one by one. `write` throws UNAVAILABLE when the file can't be written.
 */
export class Spool {
  readonly #folder: string;
  #chunks: Buffer[] = [];
  #size = 0;
  #file: FileHandle | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(folder: string = tmpdir()) {
    this.#folder = folder;
  }

  get size(): number {
    return this.#size;
  }

  write(chunk: Buffer): Promise<void> | void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#size <= SPOOL_THRESHOLD_BYTES) return;
    const flushed = this.#flush();
    this.#flushing = flushed.catch(() => {});
    return flushed;
  }

  finish(): Content {
    if (this.#file !== undefined) return contentFromFile(this.#file, this.#size);
    const [first] = this.#chunks;
    return contentFromBytes(this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks));
  }

  /** Frees the bytes; never throws. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#chunks = [];
    await this.#flushing;
    // The file has no name any more: a failing close leaves nothing behind.
    await this.#file?.close().catch(() => {});
  }

  async #flush(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    if (this.#disposed) throw new ServingError("CANCELLED", "the call ended while its upload was kept");
    try {
      this.#file ??= await openNamelessFile(this.#folder);
      for (const chunk of chunks) await this.#file.writeFile(chunk);
    } catch (cause) {
      throw new ServingError(
        "UNAVAILABLE",
        "the server has no room to keep this upload: its temporary folder can't be written",
        { cause },
      );
    }
  }
}

async function openNamelessFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `bento-ts-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    return file;
  } catch (cause) {
    await file.close();
    throw cause;
  }
}
