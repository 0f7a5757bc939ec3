import type { ServerState } from "../telemetry/readiness.ts";

/** The state of the whole server as one worker last heard of it. */
export interface StateCell {
  get(): ServerState;
  /** Replaces the state and tells every listener. */
  set(state: ServerState): void;
  /** Calls the listener after each `set`; returns what ends that. */
  onChange(listener: () => void): () => void;
}

/** Makes a cell that holds this state at first. */
export function createStateCell(first: ServerState): StateCell {
  const listeners = new Set<() => void>();
  let state = first;
  return {
    get: () => state,
    set(changed) {
      state = changed;
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
