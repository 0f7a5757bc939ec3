import { reasonOf } from "../reason-of.ts";
import type { LoadedService } from "./load-service.ts";

/** How often an author's `isReady` and the models are asked. */
const PERIOD_MS = 1_000;
/** An `isReady` that takes longer counts as "no". */
const PATIENCE_MS = 5_000;

/** What is asked whether it can answer. */
export interface Watched extends Pick<LoadedService, "service" | "models"> {
  /** Why the server around the service can't answer, undefined when it can. */
  readonly trouble?: () => string | undefined;
}

/** Asks again and again whether a service can answer, and tells every change of the answer; gives the function that stops it. */
export function watchReadiness(
  { service, models, trouble = () => undefined }: Watched,
  changed: (ready: boolean, note: string | undefined) => void,
): () => void {
  let last: string | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const note = troubleOf(models) ?? trouble() ?? (await refusalOf(service));
    if (stopped) return;
    if (note !== last) changed(note === undefined, note);
    last = note;
    timer = setTimeout(() => void ask(), PERIOD_MS).unref();
  };
  void ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function troubleOf(models: LoadedService["models"]): string | undefined {
  const model = models.find(({ trouble }) => trouble !== undefined);
  return model === undefined ? undefined : `model "${model.handle.source}": ${model.trouble}`;
}

/** Why the author's `isReady` does not say yes; undefined when it does. */
async function refusalOf({ hooks }: LoadedService["service"]): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS).unref();
  });
  try {
    return (await Promise.race([hooks.isReady(), late])) ? undefined : "the service's isReady says no";
  } catch (cause) {
    return `the service's isReady failed: ${reasonOf(cause)}`;
  } finally {
    clearTimeout(timer);
  }
}
