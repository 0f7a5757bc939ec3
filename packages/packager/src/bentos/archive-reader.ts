import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { archiveHeader, BLOCK, END, nameInHeader, paddingBytes, sizeInHeader } from "./archive-header.ts";
import { type BentoManifest, encodeBentoManifest, MAX_MANIFEST_BYTES, parseBentoManifest } from "./bento-manifest.ts";
import { ENTRY } from "./export-bento.ts";

/** Reads an export from its beginning to its end. Throws FAILED_PRECONDITION at the first byte that no export of its bento has. */
export interface ArchiveReader {
  /** The first entry. */
  manifest(): Promise<BentoManifest>;
  /** The bytes of the next entry, which has to be of this digest and size. */
  content(expected: {
    readonly sha256: string;
    readonly size: number;
    readonly path: string;
  }): AsyncGenerator<Uint8Array>;
  /** Passes over the next entry. */
  skip(expected: { readonly size: number }): void;
  /** Checks that nothing but the end follows. */
  end(): Promise<void>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 1024 * 1024;

/** Opens an export; throws as node:fs does. */
export async function openArchive(file: string): Promise<ArchiveReader> {
  const handle: FileHandle = await open(file);
  let at = 0;
  const read = async (bytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, at);
    at += bytesRead;
    return bytesRead === bytes ? buffer : buffer.subarray(0, bytesRead);
  };
  const readZeros = async (bytes: number, what: string): Promise<void> => {
    const found = await read(bytes);
    if (found.length < bytes) throw refused(`it ends in the middle of ${what}`);
    if (found.some((byte) => byte !== 0)) throw refused(`the bytes after ${what} were changed`);
  };
  return {
    async manifest() {
      const header = await read(BLOCK);
      const sha256 = /^bento\/sha256\/([0-9a-f]{64})\.json$/.exec(
        header.length === BLOCK ? nameInHeader(header) : "",
      )?.[1];
      if (sha256 === undefined) throw refused('it is no file that "bento-ts bentos export" wrote');
      const size = sizeInHeader(header);
      if (!(size <= MAX_MANIFEST_BYTES) || !archiveHeader({ name: ENTRY.manifest(sha256), size }).equals(header))
        throw refused("the header of its list of files was changed");
      const bytes = await read(size);
      if (createHash("sha256").update(bytes).digest("hex") !== sha256)
        throw refused("its list of files was changed, or the file is cut off");
      await readZeros(paddingBytes(size), "its list of files");
      const manifest = parseBentoManifest(bytes.toString("utf8"), "its first entry");
      // Written in any other way it would be another archive of the same bento.
      if (!Buffer.from(encodeBentoManifest(manifest)).equals(bytes))
        throw refused("its list of files is not as export writes it");
      return manifest;
    },
    async *content({ sha256, size, path }) {
      const header = await read(BLOCK);
      if (header.length < BLOCK) throw refused(`it ends before ${path}`);
      if (!archiveHeader({ name: ENTRY.blob(sha256), size }).equals(header))
        throw refused(`the header of ${path} was changed`);
      const hash = createHash("sha256");
      for (let left = size; left > 0;) {
        const chunk = await read(Math.min(left, CHUNK_BYTES));
        if (chunk.length === 0) throw refused(`it ends in the middle of ${path}`);
        hash.update(chunk);
        left -= chunk.length;
        yield chunk;
      }
      const got = hash.digest("hex");
      if (got !== sha256)
        throw refused(
          `the content of ${path} was changed: expected sha256 ${sha256.slice(0, 12)}…, got ${got.slice(0, 12)}…`,
        );
      await readZeros(paddingBytes(size), path);
    },
    skip({ size }) {
      at += BLOCK + size + paddingBytes(size);
    },
    async end() {
      await readZeros(END.length, "its last file");
      if ((await read(1)).length > 0) throw refused("more follows after its end");
    },
    close: () => handle.close(),
  };
}

function refused(reason: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", reason);
}
