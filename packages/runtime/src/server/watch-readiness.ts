import type { ServiceHooks } from "../authoring/create-service.ts";

/** How often an author's `isReady` is asked. */
const PERIOD_MS = 1_000;
/** An `isReady` that takes longer counts as "no". */
const PATIENCE_MS = 5_000;

/** Asks the author's `isReady` again and again and tells every change of its answer; gives the function that stops it. */
export function watchReadiness(
  hooks: ServiceHooks,
  changed: (ready: boolean, note: string | undefined) => void,
): () => void {
  let last = true;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const { ready, note } = await answer(hooks);
    if (stopped) return;
    if (ready !== last) changed(ready, note);
    last = ready;
    timer = setTimeout(() => void ask(), PERIOD_MS).unref();
  };
  void ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function answer(hooks: ServiceHooks): Promise<{ ready: boolean; note: string | undefined }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS).unref();
  });
  try {
    const ready = await Promise.race([hooks.isReady(), late]);
    return { ready, note: ready ? undefined : "the service's isReady says no" };
  } catch {
    return { ready: false, note: "the service's isReady failed" };
  } finally {
    clearTimeout(timer);
  }
}
