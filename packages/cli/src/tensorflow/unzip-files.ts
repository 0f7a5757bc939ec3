import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Entry, openPromise } from "yauzl";
import type { OnBytes } from "./download.ts";

export interface UnzipOrder {
  readonly file: string;
  /** Where an entry goes to by its name; undefined leaves it out. */
  readonly placeOf: (name: string) => string | undefined;
  readonly onBytes: OnBytes;
  readonly signal: AbortSignal;
}

/** Unpacks some files of a zip, each as a stream, and gives the names of those it unpacked. Throws what reading and writing throw. */
export async function unzipFiles({ file, placeOf, onBytes, signal }: UnzipOrder): Promise<readonly string[]> {
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true });
  try {
    const wanted: { readonly entry: Entry; readonly path: string }[] = [];
    // Names that lead out of a folder are refused by the library.
    for await (const entry of zip.eachEntry()) {
      const path = entry.fileName.endsWith("/") ? undefined : placeOf(entry.fileName);
      if (path !== undefined) wanted.push({ entry, path });
    }
    const totalBytes = wanted.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    let doneBytes = 0;
    for (const { entry, path } of wanted) {
      await mkdir(dirname(path), { recursive: true });
      const content = await zip.openReadStreamPromise(entry);
      content.on("data", (chunk: Buffer) => onBytes({ doneBytes: (doneBytes += chunk.length), totalBytes }));
      await pipeline(content, createWriteStream(path), { signal });
    }
    return wanted.map(({ entry }) => entry.fileName);
  } finally {
    zip.close();
  }
}
