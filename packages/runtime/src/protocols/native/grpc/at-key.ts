import { invalidInput, type Problem, ServingError } from "../../../errors.ts";
import { childPath } from "../../../problem-list.ts";

/** Does something with a part of a caller's input; a fault in it is told with its place, one without a place with this one. */
export function atKey<T>(key: string | readonly (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof ServingError) || cause.code !== "INVALID_ARGUMENT") throw cause;
    const at = [key].flat().reduce<string>(childPath, "");
    if (cause.problems.length === 0) throw invalidInput([{ path: at, message: cause.message }]);
    throw invalidInput(cause.problems.map(({ path, message }): Problem => ({ path: at + path, message })));
  }
}
