import { ServingError } from "../../../errors.ts";

/** Where a value was put for its type, and where it stood in the message; JSON Pointers. */
export interface MovedPlace {
  readonly from: string;
  readonly to: string;
}

/** The same error with the places that its caller sees. */
export function atWirePlace(error: ServingError, { from, to }: MovedPlace): ServingError {
  const move = (text: string): string => (text.startsWith(from) ? to + text.slice(from.length) : text);
  if (error.problems.length === 0) return error;
  return new ServingError(error.code, move(error.message), {
    problems: error.problems.map(({ path, message }) => ({ path: move(path), message })),
    cause: error,
  });
}
