import type { ModelState } from "../telemetry/readiness.ts";

const PERIOD_MS = 1_000;

/** Looks again and again how the models are, and tells every change; gives the function that stops it. */
export function watchModels(
  states: () => readonly ModelState[],
  changed: (models: readonly ModelState[]) => void,
): () => void {
  let last = JSON.stringify(states());
  const timer = setInterval(() => {
    const now = states();
    const text = JSON.stringify(now);
    if (text === last) return;
    last = text;
    changed(now);
  }, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}
