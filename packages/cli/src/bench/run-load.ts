import type { Caller, Outcome, Shot } from "./shot.ts";

export interface LoadOptions {
  /** Calls at once. */
  readonly concurrency: number;
  /** No call is sent after so many, or after so long; whichever comes first. */
  readonly requests: number;
  readonly durationMs: number;
  /** Calls a second that are meant to be sent, whether the server keeps up or not; undefined sends each as soon as the one before it is answered. */
  readonly rate: number | undefined;
  /** Sends no more once it aborts; what is on its way by then does not count. */
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Numbers of a load; each is complete however it ended. */
export interface LoadRecord {
  /** Of calls that succeeded, in the order of their answers. */
  readonly latenciesMs: readonly number[];
  readonly byStatus: ReadonlyMap<string, number>;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly elapsedMs: number;
}

/**
 * Sends shots one after the other, by as many callers as `concurrency` says.
 *
 * With a rate the n-th call is due at n / rate. Where no caller is free by then its latency counts from that time: a server that stalls is charged with the calls that could not
 * be sent meanwhile.
 * Source: Gil Tene, "How NOT to Measure Latency" (coordinated omission).
 */
export async function runLoad(caller: Caller, shots: readonly Shot[], options: LoadOptions): Promise<LoadRecord> {
  const { concurrency, requests, durationMs, rate, signal, now, sleep } = options;
  const record = { latenciesMs: [] as number[], byStatus: new Map<string, number>(), sentBytes: 0, receivedBytes: 0 };
  const note = ({ status, isOk, receivedBytes }: Outcome, latencyMs: number, shot: Shot): void => {
    record.byStatus.set(status, (record.byStatus.get(status) ?? 0) + 1);
    record.sentBytes += shot.body.length;
    record.receivedBytes += receivedBytes;
    if (isOk) record.latenciesMs.push(latencyMs);
  };
  const startMs = now();
  const endMs = startMs + durationMs;
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < requests && !signal.aborted) {
      const index = next;
      const dueMs = rate === undefined ? now() : startMs + (index * 1000) / rate;
      if (dueMs >= endMs || now() >= endMs) return;
      next += 1;
      const earlyMs = dueMs - now();
      if (earlyMs > 0) await sleep(earlyMs, signal);
      const shot = shots[index % shots.length];
      if (shot === undefined || signal.aborted) return;
      // Who was free in time is as late as the timer was, which is no fault of the server's.
      const fromMs = earlyMs > 0 ? now() : dueMs;
      const outcome = await caller.send(shot);
      if (signal.aborted) return;
      note(outcome, now() - fromMs, shot);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, run));
  return { ...record, elapsedMs: now() - startMs };
}
