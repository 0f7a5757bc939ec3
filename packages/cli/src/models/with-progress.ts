import type { CopyOptions } from "@bento-ts/runtime/models-store";
import { createProgress } from "../progress.ts";

/** Runs a copy with a progress bar; Ctrl-C ends it in order, so that nothing half-written stays. */
export async function withProgress<T>(label: string, copy: (options: CopyOptions) => Promise<T>): Promise<T> {
  const { onProgress, stop } = createProgress(label);
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  process.once("SIGINT", cancel);
  try {
    return await copy({ onProgress, signal: controller.signal });
  } finally {
    stop();
    process.off("SIGINT", cancel);
  }
}
