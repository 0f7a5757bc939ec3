import { invalidInput, ServingError } from "../../errors.ts";

/** Gives what `read` gives; an INVALID_ARGUMENT of it that names no place gets this one, a JSON Pointer. */
export function atPlace<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const isPlaceless =
      cause instanceof ServingError && cause.code === "INVALID_ARGUMENT" && cause.problems.length === 0;
    throw isPlaceless ? invalidInput([{ path, message: cause.message }]) : cause;
  }
}
