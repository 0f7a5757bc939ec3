import { SingleBar } from "cli-progress";

/** A progress bar for a copy; `stop` takes it off the screen. */
export interface Progress {
  onProgress(progress: { readonly doneBytes: number; readonly totalBytes: number }): void;
  stop(): void;
}

/** Makes a progress bar on standard error, which shows only on a terminal. */
export function createProgress(label: string): Progress {
  if (!process.stderr.isTTY) return { onProgress: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% {done}/{all} MB`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let started = false;
  return {
    onProgress({ doneBytes, totalBytes }) {
      if (!started) bar.start(totalBytes, 0, { done: megabytes(0), all: megabytes(totalBytes) });
      started = true;
      bar.update(doneBytes, { done: megabytes(doneBytes) });
    },
    stop: () => bar.stop(),
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
