import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";

/** What a file says now. */
export interface WatchedFile<T> {
  /** What its last good text was read as. */
  readonly value: () => T;
  close(): void;
}

export interface WatchOptions<T> {
  readonly path: string;
  /** Reads the text; what it throws at the first reading ends the start, later it keeps what was read before. */
  readonly read: (text: string) => T;
  /** Told of each text that can't be taken, and of a file that is gone, once until that changes. */
  readonly onFault: (error: unknown) => void;
  readonly onChange?: (value: T) => void;
  /** Milliseconds between two looks; 5 s unless given. */
  readonly everyMs?: number;
}

/** In place of a digest. */
const GONE = "gone";
/** Kubernetes swaps a mounted folder by a link, which watching a file misses: it is looked at, and a change is seen within 10 s. */
const LOOK_EVERY_MS = 5_000;

/** Reads a file and reads it again when its content changes. Rejects when it can't be read or taken the first time. */
export async function watchFile<T>(options: WatchOptions<T>): Promise<WatchedFile<T>> {
  const first = await readFile(options.path, "utf8");
  let current = options.read(first);
  let seen = digestOf(first);
  let looking = false;
  const look = async (): Promise<void> => {
    const text = await readFile(options.path, "utf8").catch((error: unknown) => {
      // A file that is gone is a fault once, and new when it comes back.
      if (seen !== GONE) options.onFault(error);
      seen = GONE;
    });
    if (text === undefined || digestOf(text) === seen) return;
    seen = digestOf(text);
    try {
      current = options.read(text);
    } catch (error) {
      options.onFault(error);
      return;
    }
    options.onChange?.(current);
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, options.everyMs ?? LOOK_EVERY_MS);
  timer.unref();
  return { value: () => current, close: () => clearInterval(timer) };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
