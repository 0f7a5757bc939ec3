import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import { pack, type Pack } from "tar-stream";
import type { LayerEntry } from "./layer-entries.ts";

/** Names the way in which tars are written in keys of caches: raise the last number when their bytes change. */
export const TAR_ID = "tar-stream-3.2.2-1";

/**
 * The tar of a layer: its files and their folders as root's, readable by all, without times.
 *
 * The same entries give the same bytes. Source: OCI Image Format 1.1, "Image Layer Filesystem Changeset"; long names by PAX (POSIX.1-2001).
 */
export function tarLayer(entries: readonly LayerEntry[]): Readable {
  const tar = pack();
  const filled = fill(tar, entries);
  filled.catch((cause: unknown) => tar.destroy(cause instanceof Error ? cause : new Error("tar", { cause })));
  // Streams of streamx are what Node's functions take for a Readable.
  return tar as unknown as Readable;
}

async function fill(tar: Pack, entries: readonly LayerEntry[]): Promise<void> {
  const folders = new Set<string>();
  for (const { path, isProgram, size, source } of entries) {
    for (const folder of newFolders(path, folders)) {
      await new Promise<void>((resolve, reject) => {
        tar.entry({ ...OWNER, name: `${folder}/`, type: "directory", mode: 0o755 }, (cause) =>
          cause ? reject(cause) : resolve(),
        );
      });
    }
    const header = { ...OWNER, name: path, type: "file" as const, mode: isProgram ? 0o755 : 0o644, size };
    // A file that grew or shrank since it was listed ends the build: the stream refuses another length.
    await pipeline(createReadStream(source, { highWaterMark: 1024 * 1024 }), tar.entry(header));
  }
  tar.finalize();
}

const OWNER = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0) };

/**
 * Folders that every base has: written again, a layer would turn a base's symbolic link into a folder.
 *
 * Source: Filesystem Hierarchy Standard 3.0, "/usr/local".
 */
const OF_THE_BASE: ReadonlySet<string> = new Set(["usr", "usr/local", "usr/local/bin", "usr/local/share"]);

/** The folders above a path that were not written yet, outermost first. */
function newFolders(path: string, written: Set<string>): readonly string[] {
  const names = path.split("/").slice(0, -1);
  const fresh = names
    .map((_, index) => names.slice(0, index + 1).join("/"))
    .filter((folder) => !written.has(folder) && !OF_THE_BASE.has(folder));
  for (const folder of fresh) written.add(folder);
  return fresh;
}
