import { createProgress, type Progress } from "../progress.ts";
import type { InstallWatcher } from "./install-tensorflow.ts";

/** Tells each step of an install on standard error, one line each, with a bar on a terminal for those that know their size. `stop` takes the bar away. */
export function watchInstall(): InstallWatcher & { stop(): void } {
  let label = "";
  let bar: Progress | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    onStep(step) {
      stop();
      label = step;
      process.stderr.write(`${step} …\n`);
    },
    onBytes(progress) {
      bar ??= createProgress(label);
      bar.onProgress(progress);
    },
    stop,
  };
}
