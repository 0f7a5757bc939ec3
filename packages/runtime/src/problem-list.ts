import { invalidInput, type Problem, ServingError } from "./errors.ts";

/** Faults kept of one input; more would not help its sender. */
const MAX_PROBLEMS = 20;
/** Longest key repeated in a place, in characters: a caller may send keys of any length. */
const MAX_KEY = 100;

/** Faults of one value as they are found: the first 20 are kept, all are counted. */
export interface ProblemList {
  readonly items: Problem[];
  total: number;
}

/** An empty list. */
export function createProblemList(): ProblemList {
  return { items: [], total: 0 };
}

/** Counts a fault; `describe` is called only for those that are kept, so that a million faults cost little. */
export function addProblem(list: ProblemList, describe: () => Problem): void {
  if (list.items.length < MAX_PROBLEMS) list.items.push(describe());
  list.total += 1;
}

/** Throws INVALID_ARGUMENT with the faults of a caller's input, if there are any. */
export function assertNoProblems(list: ProblemList): void {
  if (list.total > 0) throw invalidInput(list.items, list.total);
}

/** Throws INTERNAL with the faults of an author's output, if there are any: they are the service's, and its log shows them. */
export function assertOutputFits(list: ProblemList): void {
  if (list.total === 0) return;
  const { message } = invalidInput(list.items, list.total);
  throw new ServingError("INTERNAL", `the output does not fit its type: ${message}`, { problems: list.items });
}

/** The JSON Pointer (RFC 6901) of a member or element; very long keys are cut. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}/${key}`;
  const short = key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key;
  return `${path}/${short.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
