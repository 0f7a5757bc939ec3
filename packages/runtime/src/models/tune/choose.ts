import { SLOW_RUN_MS } from "../warm-up.ts";
import { findKnee, type Cost } from "./knee.ts";
import type { TunedChoice, TuneMeasurement } from "./tune-file.ts";

/** A larger batch must save more than this share of an item's cost. */
const BATCH_TOLERANCE = 0.05;
/** Another thread takes a CPU from the calls beside it: it must save more. */
const THREADS_TOLERANCE = 0.1;

/**
 * The threads and the batch at which an item costs least for what it takes: of each number of threads the knee of its batches, of those the knee of the threads.
 *
 * Only threads that a worker has CPUs for are chosen, where any are. Throws a RangeError when nothing was measured.
 */
export function chooseThreadsAndBatch(
  measurements: readonly TuneMeasurement[],
  { cpusPerWorker }: { readonly cpusPerWorker: number },
): { readonly threads: number; readonly batch: number } {
  const counts = [...new Set(measurements.map(({ threads }) => threads))];
  const allowed = counts.filter((threads) => threads <= cpusPerWorker);
  const knees = (allowed.length > 0 ? allowed : counts).map((threads) => ({
    threads,
    knee: findKnee(measurements.filter((one) => one.threads === threads).map(costOfBatch), BATCH_TOLERANCE),
  }));
  const { size: threads } = findKnee(
    knees.map(({ threads: size, knee }) => ({ size, itemMs: knee.itemMs })),
    THREADS_TOLERANCE,
  );
  const batch = knees.find((one) => one.threads === threads)?.knee.size ?? 1;
  return { threads, batch };
}

function costOfBatch({ batch, p50Ms }: TuneMeasurement): Cost {
  return { size: batch, itemMs: p50Ms / batch };
}

/**
 * Where runs of a batch belong: on a thread when they would keep the worker from answering anybody else for long.
 *
 * By the median: all runs are alike here, and what makes some of them slower is what else the machine does.
 */
export function choosePlace(measurements: readonly TuneMeasurement[], batch: number): TunedChoice["place"] {
  const inline = measurements.find((one) => one.place === "inline" && one.batch === batch);
  return inline === undefined || inline.p50Ms > SLOW_RUN_MS ? "thread" : "inline";
}
