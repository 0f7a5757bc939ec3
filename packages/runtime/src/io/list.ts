import { describeValue } from "../describe-value.ts";
import { invalidInput, ServingError, toServingError } from "../errors.ts";
import { addProblem, assertNoProblems, createProblemList, type ProblemList } from "../problem-list.ts";
import { readJsonPayload, writeJsonPayload } from "./json/json-payload.ts";
import { underField } from "./multipart-type.ts";
import type { IoOptions, IoType, ListSpec, PayloadKind } from "./types.ts";

/**
 * Several values of one type, as a JSON array of their JSON forms; over tensor protocols that JSON in one BYTES tensor.
 *
 * Reading throws INVALID_ARGUMENT with the faults of all of them, each under its index.
 */
export function list<T>(items: IoType<T>): IoType<T[]> {
  const spec: ListSpec = Object.freeze({ kind: "list", items: items.spec });
  return Object.freeze<IoType<T[]>>({
    spec,
    read: (payload, options) => readItems(items, readJsonPayload(payload), options),
    write: (values, as, options) => writeItems(items, values, { as, options }),
  });
}

async function readItems<T>(items: IoType<T>, given: unknown, options: IoOptions): Promise<T[]> {
  if (!Array.isArray(given))
    throw invalidInput([{ path: "", message: `expected a list of inputs, got ${describeValue(given)}` }]);
  const problems = createProblemList();
  const values: T[] = [];
  // One after the other: a list of pictures is not to be decoded all at once.
  for (const [index, value] of given.entries()) {
    try {
      values.push(await items.read({ kind: "json", value }, options));
    } catch (cause) {
      keepProblems(underField(index, toServingError(cause)), problems);
    }
  }
  assertNoProblems(problems);
  return values;
}

function keepProblems(error: ServingError, problems: ProblemList): void {
  if (error.code !== "INVALID_ARGUMENT") throw error;
  for (const problem of error.problems) addProblem(problems, () => problem);
}

async function writeItems<T>(
  items: IoType<T>,
  values: readonly T[],
  { as, options }: { readonly as: PayloadKind; readonly options: IoOptions },
): Promise<ReturnType<typeof writeJsonPayload>> {
  if (!Array.isArray(values))
    throw new ServingError(
      "INTERNAL",
      `the output does not fit its type: expected a list, got ${describeValue(values)}`,
    );
  const written: unknown[] = [];
  for (const value of values) {
    const payload = await items.write(value, "json", options);
    written.push(payload.kind === "json" ? payload.value : null);
  }
  return writeJsonPayload(written, as);
}
