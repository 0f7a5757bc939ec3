/** What callers take replies from: a connection of HTTP/1.1, or one call of HTTP/2. */
export interface Outgoing {
  /** Bytes that were written and that the caller has not taken. */
  readonly writableLength: number;
}

export interface SlowReadersOptions<T extends Outgoing> {
  /** Longest time of a call, in milliseconds: readers have as long again, a few seconds, and a second for each 64 KiB. */
  readonly requestTimeoutMs: number;
  /** Most bytes that large replies may hold together which callers have not taken. */
  readonly maxBytes: number;
  /** Where a caller comes from. */
  addressOf(outgoing: T): string;
  /** A number that changes whenever something was taken, if not with each byte. */
  progressOf(outgoing: T): number;
  /** Ends one whose caller does not take what was written. */
  end(outgoing: T): void;
  /** Whether all was taken of one that ends with its reply, and does not because its caller leaves the other half open; none unless given. */
  isLeft?(outgoing: T): boolean;
  /** Ends such a one. */
  leave?(outgoing: T): void;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
}

/** The open connections or calls of a server, and an end for those that are not read. */
export interface SlowReaders<T extends Outgoing> {
  add(outgoing: T): void;
  delete(outgoing: T): void;
  /** A large reply was written, of which some may wait: while all hold too much, the one that waits longest of the address that holds most is ended, never this one. */
  written(outgoing: T): void;
  /** Looks at all of them; it is done each second. */
  look(): void;
  close(): void;
}

/** Replies of more than this are watched one by one: what a stream of Node's buffers by default. */
export const LARGE_BYTES = 16 * 1024;

/** A reader who is slower than a telephone line holds memory, not a network. */
const SLOWEST_BYTES_PER_SECOND = 64 * 1024;
/** For those whose calls are to be answered within less than networks take. */
const GRACE_MS = 5_000;
const LOOK_EVERY_MS = 1_000;

interface Waiting {
  readonly progress: number;
  readonly sinceMs: number;
}

/** Was taken whole when it was last looked at, and has not ended. */
const LEFT: Waiting = { progress: 0, sinceMs: 0 };

/**
 * Bounds the time that replies wait for callers who take nothing of them, or a few bytes at a time: no time-out of Node's sees the latter, whose connection is
 * never silent. Bounds the memory that they hold meanwhile.
 *
 * All are looked at together, once a second: a timer for each reply would cost every caller. Source: security.md A9, attack B47 (slow read).
 */
export function watchSlowReaders<T extends Outgoing>(options: SlowReadersOptions<T>): SlowReaders<T> {
  const { requestTimeoutMs, maxBytes, progressOf, end, isLeft, leave, nowMs = () => performance.now() } = options;
  const patienceMs = requestTimeoutMs + GRACE_MS;
  const open = new Map<T, Waiting | undefined>();
  /** Those with a large reply, in the order in which these were written. */
  const large = new Set<T>();
  const look = (): void => {
    const now = nowMs();
    for (const [outgoing, before] of open) {
      if (isLeft?.(outgoing) === true) {
        // Most that are seen so end by themselves within this turn.
        if (before === LEFT) leave?.(outgoing);
        else open.set(outgoing, LEFT);
        continue;
      }
      const { writableLength } = outgoing;
      const progress = progressOf(outgoing);
      if (writableLength === 0) open.set(outgoing, undefined);
      else if (before?.progress !== progress) open.set(outgoing, { progress, sinceMs: now });
      else if (now - before.sinceMs > patienceMs + (writableLength / SLOWEST_BYTES_PER_SECOND) * 1_000) end(outgoing);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    add: (outgoing) => void open.set(outgoing, undefined),
    delete(outgoing) {
      open.delete(outgoing);
      large.delete(outgoing);
    },
    written(outgoing) {
      large.delete(outgoing);
      large.add(outgoing);
      for (const one of large) if (one.writableLength === 0) large.delete(one);
      let held = bytesOf(large);
      while (held > maxBytes) {
        const groups = [...Map.groupBy(large, (one) => options.addressOf(one)).values()];
        const [most = []] = groups.sort((a, b) => bytesOf(b) - bytesOf(a));
        const longest = most.find((one) => one !== outgoing);
        if (longest === undefined) return;
        held -= longest.writableLength;
        large.delete(longest);
        end(longest);
      }
    },
    look,
    close: () => clearInterval(timer),
  };
}

function bytesOf(all: Iterable<Outgoing>): number {
  let bytes = 0;
  for (const { writableLength } of all) bytes += writableLength;
  return bytes;
}
