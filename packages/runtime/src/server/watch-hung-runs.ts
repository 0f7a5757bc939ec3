import type { ManagedModel } from "../models/types.ts";

const PERIOD_MS = 1_000;
/** The supervisor may have failed to start another worker. */
const REPEAT_MS = 30_000;

/** A run that hangs, in words; undefined while every run is within its time and the grace. */
export function findHungRun(
  models: readonly Pick<ManagedModel, "dueMs" | "handle">[],
  { graceMs, nowMs }: { readonly graceMs: number | null; readonly nowMs: number },
): string | undefined {
  if (graceMs === null) return undefined;
  const hung = models.find(({ dueMs = Infinity }) => nowMs > dueMs + graceMs);
  return hung === undefined
    ? undefined
    : `a run of model "${hung.handle.source}" goes on ${graceMs} ms after the time of its call`;
}

/** Looks again and again for a run that hangs, and tells of it until there is none; gives the function that stops it. */
export function watchHungRuns(find: () => string | undefined, found: (reason: string) => void): () => void {
  let toldMs = -Infinity;
  const timer = setInterval(() => {
    const reason = find();
    if (reason === undefined || performance.now() - toldMs < REPEAT_MS) return;
    toldMs = performance.now();
    found(reason);
  }, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}
