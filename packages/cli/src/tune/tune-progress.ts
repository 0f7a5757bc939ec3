import { SingleBar } from "cli-progress";

/** A progress bar on standard error that moves with the time, which shows only on a terminal. */
export interface TuneProgress {
  onModel(model: string, index: number, count: number): void;
  stop(): void;
}

const TICK_MS = 200;

/** Starts the bar of a measurement that takes `budgetMs` at most. */
export function createTuneProgress(budgetMs: number): TuneProgress {
  if (!process.stderr.isTTY) return { onModel: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: "measuring {model} {bar} {percentage}%",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  const startMs = performance.now();
  bar.start(budgetMs, 0, { model: "" });
  const timer = setInterval(() => bar.update(Math.min(budgetMs, performance.now() - startMs)), TICK_MS);
  return {
    onModel: (model, index, count) =>
      bar.update({ model: count === 1 ? model : `${model} (${index + 1} of ${count})` }),
    stop() {
      clearInterval(timer);
      bar.stop();
    },
  };
}
