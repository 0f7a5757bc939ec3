import { invalidInput, ServingError } from "../errors.ts";

/** Does something with a caller's input; a fault without a place gets this one. */
export function atPlace<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof ServingError) || cause.code !== "INVALID_ARGUMENT" || cause.problems.length > 0) throw cause;
    throw invalidInput([{ path, message: cause.message }]);
  }
}
