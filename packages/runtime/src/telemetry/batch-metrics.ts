import type { Counter } from "./cells.ts";
import type { Instruments } from "./instruments.ts";

/** Counts the batches of one API. */
export interface BatchMetrics {
  /** A batch begins, for a reason from a closed list. */
  flushed(rows: number, reason: string): void;
  /** A call, or a part of one, waited so long for its batch. */
  waited(seconds: number): void;
}

const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** Waits are bounded by `maxLatencyMs` and by the batch before, so the short ones matter. */
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Binds the metrics of batches to APIs. */
export function createBatchBinder(instruments: Instruments): (api: string) => BatchMetrics {
  const rowsOf = instruments.histogram("bento_batch_rows", "Rows of batches", ROWS);
  const waits = instruments.histogram("bento_batch_wait_seconds", "Time that calls waited for their batch", SECONDS);
  const flushes = instruments.counter("bento_batch_flushes_total", "Batches by what began them");
  return (api) => {
    const sizes = rowsOf.series({ api });
    const wait = waits.series({ api });
    const byReason = new Map<string, Counter | undefined>();
    return {
      flushed(rows, reason) {
        sizes?.observe(rows);
        if (!byReason.has(reason)) byReason.set(reason, flushes.series({ api, reason }));
        byReason.get(reason)?.add(1);
      },
      waited: (seconds) => wait?.observe(seconds),
    };
  };
}
