import type { ContextLogger } from "../authoring/context.ts";

/** How long work may outlive its call before the log says so, in milliseconds. */
const OVERDUE_MS = 30_000;

/**
 * Logs work whose call is over but which goes on and keeps its slot: one warning 30 s later, one line when it ends after that.
 *
 * The timer keeps no process alive, and there are never more of them than slots. Throws nothing.
 */
export function watchOverdue(work: Promise<unknown>, api: string, log: () => ContextLogger): void {
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    log().warn({ api }, `the method still runs ${OVERDUE_MS / 1000} s after its call was over, it holds a slot`);
  }, OVERDUE_MS).unref();
  const ended = (): void => {
    clearTimeout(timer);
    if (isOverdue) log().info({ api }, "the method that outlived its call has ended, its slot is free");
  };
  void work.then(ended, ended);
}
