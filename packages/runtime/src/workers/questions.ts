import { ServingError } from "../errors.ts";

/** A worker's questions of one kind to its supervisor, which knows of the whole server. */
export interface Questions<A> {
  /** Sends a question under its number and waits for the answer. Throws UNAVAILABLE when none comes in time: of numbers, a part would look as if counters fell. */
  ask(send: (id: number) => void): Promise<A>;
  answered(id: number, answer: A): void;
}

/** Longer than the supervisor waits for workers that compute. */
const TIMEOUT_MS = 5_000;

/** Makes a worker's questions of one kind. */
export function createQuestions<A>(whatIsMissing = "the numbers of the whole server"): Questions<A> {
  const open = new Map<number, (answer: A) => void>();
  let lastId = 0;
  return {
    async ask(send) {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<A>();
      open.set(id, resolve);
      const timer = setTimeout(() => reject(notAnswered(whatIsMissing)), TIMEOUT_MS);
      send(id);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        open.delete(id);
      }
    },
    answered: (id, answer) => open.get(id)?.(answer),
  };
}

function notAnswered(what: string): ServingError {
  return new ServingError("UNAVAILABLE", `${what} can't be had at the moment`, {
    retryAfterSeconds: 1,
  });
}
