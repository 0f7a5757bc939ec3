import { ServingError } from "../errors.ts";

/** A worker's questions of one kind to its supervisor, which knows of the whole server. */
export interface Questions<A> {
  /** Sends a question under its number and waits for the answer. Throws UNAVAILABLE when none comes in time: a part of the numbers would look as if counters fell. */
  ask(send: (id: number) => void): Promise<A>;
  answered(id: number, answer: A): void;
}

/** Longer than the supervisor waits for workers that compute. */
const TIMEOUT_MS = 5_000;

/** Makes a worker's questions of one kind. */
export function createQuestions<A>(): Questions<A> {
  const open = new Map<number, (answer: A) => void>();
  let lastId = 0;
  return {
    async ask(send) {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<A>();
      open.set(id, resolve);
      const timer = setTimeout(() => reject(notAnswered()), TIMEOUT_MS);
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

function notAnswered(): ServingError {
  return new ServingError("UNAVAILABLE", "the numbers of the whole server can't be had at the moment", {
    retryAfterSeconds: 1,
  });
}
