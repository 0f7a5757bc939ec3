import type { Context, ContextLogger, ContextMetrics } from "../authoring/context.ts";
import type { Service } from "../authoring/create-service.ts";
import { type Batcher, createBatcher } from "../batching/batcher.ts";
import type { BatchBacklog, BatchClock, BatchObserver } from "../batching/types.ts";
import { rowAxisOf } from "../batching/row-axis.ts";
import type { Role } from "../definition/types.ts";
import { createBatchContext } from "./batch-context.ts";

export interface BatchersOptions {
  readonly clock: BatchClock;
  backlogOf(api: string): BatchBacklog;
  observerFor(api: string): BatchObserver;
  logFor(requestIds: readonly string[]): ContextLogger;
  metricsFor(role: Role): ContextMetrics;
}

/** Makes the batchers of a service, by API, for those whose calls are joined. */
export function createBatchers(
  { definition, apis }: Pick<Service, "definition" | "apis">,
  options: BatchersOptions,
): ReadonlyMap<string, Batcher<Context>> {
  const batchers = new Map<string, Batcher<Context>>();
  for (const { name, role, batch, input, output } of definition.apis) {
    const code = apis.get(name);
    if (batch === null || code?.invokeBatch === undefined) continue;
    const shared = { api: name, logFor: options.logFor, metrics: options.metricsFor(role) };
    const batcher = createBatcher<Context>({
      api: name,
      policy: batch,
      input: rowAxisOf(input),
      output: rowAxisOf(output),
      run: (values, items, cancellation) =>
        code.invokeBatch(values, createBatchContext({ ...shared, items, cancellation })),
      clock: options.clock,
      backlog: options.backlogOf(name),
      observer: options.observerFor(name),
      measured: code.measured,
    });
    batchers.set(name, batcher);
  }
  return batchers;
}
