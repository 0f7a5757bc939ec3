import type { LineTarget } from "./line-target.ts";

/** Lines that wait, in their order, until their target takes them (`mode: block`). */
export interface WaitingLines {
  /** True at once where there is nothing to wait for; else whether the line was taken within a second. Bounded: past 16 MiB that wait it is false at once. */
  take(line: Buffer): boolean | Promise<boolean>;
  /** Resolves when none waits any more. */
  settled(): Promise<void>;
}

/** How long a record waits. Source: security.md A11, `block`. */
const MAX_WAIT_MS = 1_000;
/** How often the target is tried while lines wait. */
const RETRY_MS = 20;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

interface Waiting {
  readonly line: Buffer;
  readonly untilMs: number;
  settle(isTaken: boolean): void;
}

/** Makes the queue of one target; its times are those of security.md unless a test gives others. */
export function createWaitingLines(
  target: LineTarget,
  { now, maxWaitMs, retryMs }: { now(): number; readonly maxWaitMs: number; readonly retryMs: number } = {
    now: () => performance.now(),
    maxWaitMs: MAX_WAIT_MS,
    retryMs: RETRY_MS,
  },
): WaitingLines {
  const queue: Waiting[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let emptied = Promise.withResolvers<void>();
  emptied.resolve();

  const isTaken = (line: Buffer): boolean => target.hasRoom(line.length) && target.take(line);
  const leave = (first: Waiting, taken: boolean): void => {
    queue.shift();
    bytes -= first.line.length;
    first.settle(taken);
  };
  const retry = (): void => {
    timer = undefined;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (isTaken(first.line)) leave(first, true);
      else if (now() >= first.untilMs) leave(first, false);
      else break;
    }
    if (queue.length > 0) timer = setTimeout(retry, retryMs);
    else emptied.resolve();
  };
  return {
    take(line) {
      if (queue.length === 0 && isTaken(line)) return true;
      if (bytes + line.length > MAX_WAITING_BYTES) return false;
      if (queue.length === 0) emptied = Promise.withResolvers();
      bytes += line.length;
      timer ??= setTimeout(retry, retryMs);
      return new Promise((settle) => queue.push({ line, untilMs: now() + maxWaitMs, settle }));
    },
    settled: () => emptied.promise,
  };
}
