import { ServingError } from "../errors.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { WorkerMessage } from "./messages.ts";

/** A worker's questions for the numbers of the whole server, which its supervisor sums. */
export interface Totals {
  /** Throws UNAVAILABLE when no answer comes in time: a part of the numbers would look as if counters fell. */
  readonly ask: (names: readonly string[]) => Promise<MetricsSnapshot>;
  answered(id: number, snapshot: MetricsSnapshot): void;
}

/** Longer than the supervisor waits for workers that compute. */
const TIMEOUT_MS = 5_000;

/** Makes the questions of one worker; `send` passes a message to its supervisor. */
export function createTotals(send: (message: WorkerMessage) => void): Totals {
  const open = new Map<number, (snapshot: MetricsSnapshot) => void>();
  let lastId = 0;
  return {
    async ask(names) {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<MetricsSnapshot>();
      open.set(id, resolve);
      const timer = setTimeout(() => reject(notAnswered()), TIMEOUT_MS);
      send({ type: "totals-request", id, names });
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        open.delete(id);
      }
    },
    answered: (id, snapshot) => open.get(id)?.(snapshot),
  };
}

function notAnswered(): ServingError {
  return new ServingError("UNAVAILABLE", "the numbers of the whole server can't be had at the moment", {
    retryAfterSeconds: 1,
  });
}
