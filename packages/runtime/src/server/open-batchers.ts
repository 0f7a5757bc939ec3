import type { ServiceDefinition } from "../definition/types.ts";
import { type BatchersOptions, createBatchers } from "../pipeline/create-batchers.ts";
import type { Stages } from "../pipeline/stages.ts";
import type { ServerParts } from "./build-server.ts";

/** Calls that run at once in one worker unless `server.limits.concurrency` says otherwise: models queue for themselves, this bounds memory. */
const AUTO_CONCURRENCY = 64;
/** Bound of what batched APIs add to it. */
const MOST_CONCURRENCY = 1024;

/** Opens the batchers of a server's service. */
export function openBatchers(
  { service, metrics, log, now, workload }: Pick<ServerParts, "service" | "metrics" | "log" | "now" | "workload">,
  metricsFor: BatchersOptions["metricsFor"],
): Stages["batchers"] {
  return createBatchers(service, {
    clock: { now, after: callAfter },
    backlogOf: (api) => workload?.openBatches(api) ?? NOBODY,
    observerFor: metrics.batches,
    logFor: (requestIds) => log.child({ requestIds }),
    metricsFor,
  });
}

const NOBODY: ReturnType<BatchersOptions["backlogOf"]> = { joined: () => undefined, left: () => undefined };

/** Calls that may run at once in a worker: of batched APIs so many more that a batch can fill while another runs. */
export function concurrencyOf({ apis }: Pick<ServiceDefinition, "apis">): number {
  const batched = apis.reduce((sum, { batch }) => sum + 2 * (batch?.maxSize ?? 0), 0);
  return Math.max(AUTO_CONCURRENCY, Math.min(MOST_CONCURRENCY, AUTO_CONCURRENCY + batched));
}

/** Timers count whole milliseconds: what is to come sooner comes with the next turn of the event loop. */
function callAfter(ms: number, callback: () => void): () => void {
  if (ms < 1) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(callback, Math.floor(ms));
  return () => clearTimeout(timer);
}
