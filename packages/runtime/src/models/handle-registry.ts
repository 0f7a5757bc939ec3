import type { ManagedModel } from "./types.ts";

/** What a piece of code returned, and the models whose handles it made. */
export interface Collected<T> {
  readonly result: T;
  readonly handles: readonly ManagedModel[];
}

/**
 * Runs `make`, which imports an author's module or constructs a class, and collects the handles that come into being meanwhile.
 *
 * Collections in one process run one after the other, so that none takes the handles of another: `make` must not collect itself.
 */
export async function collectHandles<T>(make: () => T | Promise<T>): Promise<Collected<T>> {
  const shared = registry();
  const before = shared.last;
  let finish = (): void => undefined;
  shared.last = new Promise((resolve) => (finish = resolve));
  await before;
  const handles: ManagedModel[] = [];
  shared.collecting = handles;
  try {
    return { result: await make(), handles };
  } finally {
    shared.collecting = undefined;
    finish();
  }
}

/** Hands a new model to the collection in progress; outside of one nobody will load it, and its handle says so when it is used. */
export function registerModel(model: ManagedModel): void {
  registry().collecting?.push(model);
}

interface Registry {
  collecting: ManagedModel[] | undefined;
  /** Ends with the last collection begun so far. */
  last: Promise<void>;
}

// One registry for the process, also when two copies of this package were loaded (the author's and the command's).
const REGISTRY = Symbol.for("bento-ts.handles");

function registry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  return (holder[REGISTRY] ??= { collecting: undefined, last: Promise.resolve() });
}
