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

/** Kubernetes swaps a mounted folder by a link, which watching a file misses: it is looked at, and a change is seen within 10 s. */
const LOOK_EVERY_MS = 5_000;

/** Reads a file and reads it again when its content changes. Rejects when it can't be read or taken the first time. */
export async function watchFile<T>(options: WatchOptions<T>): Promise<WatchedFile<T>> {
  const first = await readFile(options.path, "utf8");
  let current = options.read(first);
  let seen = digestOf(first);
  let looking = false;
  const look = async (): Promise<void> => {
    try {
      const text = await readFile(options.path, "utf8");
      const digest = digestOf(text);
      if (digest === seen) return;
      seen = digest;
      current = options.read(text);
      options.onChange?.(current);
    } catch (error) {
      // A file that is gone is a fault once, and new when it comes back.
      const digest = isMissing(error) ? "missing" : seen;
      if (!isMissing(error) || seen !== "missing") options.onFault(error);
      seen = digest;
    }
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

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}
