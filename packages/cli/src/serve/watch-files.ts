import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { failed } from "../command-error.ts";
import { createNews } from "./news.ts";

/** Folders with everything below them, and single files. Paths are absolute. */
export interface WatchedPlaces {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** Changes as they come: the absolute paths that changed in one go. Ends after `close`; throws CommandError when a folder can't be watched. */
export interface FileChanges extends AsyncIterable<readonly string[]> {
  /** From then on no change goes unseen. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Editors write a file in several steps; what comes within this time is one change. */
const QUIET_MS = 150;
/** Who writes all the time must be heard nevertheless. */
const LONGEST_WAIT_MS = 2_000;

/**
 * Watches files of a project. Left out are installed packages, what builds write, names that begin with a dot, logs and editors' copies: a server that
 * writes its log into the project must not restart itself.
 */
export function watchFiles({ folders, files }: WatchedPlaces): FileChanges {
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  const news = createNews();
  let timer: NodeJS.Timeout | undefined;
  let firstMs = 0;

  const isWanted = (path: string): boolean =>
    files.includes(path) || (folders.some((folder) => path.startsWith(folder + sep)) && !LEFT_OUT.test(basename(path)));
  const note = (path: string): void => {
    if (changed.size === 0) firstMs = performance.now();
    changed.add(path);
    clearTimeout(timer);
    const leftMs = LONGEST_WAIT_MS - (performance.now() - firstMs);
    timer = setTimeout(() => news.give(), Math.max(0, Math.min(QUIET_MS, leftMs)));
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const watchFolder = (folder: string): void => {
    if (news.ended() || watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        const path = join(folder, name ?? "");
        if (name === null || !isWanted(path)) return;
        note(path);
        // It may be a new folder.
        void watchBelow(path);
      });
      // Its folder was removed.
      watcher.on("error", () => forget(folder));
      watchers.set(folder, watcher);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      news.fail(failed(`${folder} can't be watched (${reason}): start without --watch`, cause));
    }
  };
  const watchBelow = async (folder: string): Promise<void> => {
    // Fails for a file, and for what is gone by now.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return forget(folder);
    watchFolder(folder);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && isWanted(path)) await watchBelow(path);
    }
  };

  for (const file of files) watchFolder(dirname(file));
  return {
    ready: Promise.all(folders.map(watchBelow)).then(() => undefined),
    close() {
      clearTimeout(timer);
      news.end();
      for (const folder of watchers.keys()) forget(folder);
    },
    async *[Symbol.asyncIterator]() {
      while (await news.next()) {
        const paths = [...changed];
        changed.clear();
        yield paths;
      }
    },
  };
}

const LEFT_OUT = /^(?:\..*|node_modules|dist|coverage|.*~|.*\.(?:log|jsonl|ndjson|tmp|sw[a-p]))$/;
