import { describeValue } from "../../../describe-value.ts";
import { addProblem, assertNoProblems, childPath, createProblemList } from "../../../problem-list.ts";
import { CREATE_DATA, type DataOf, type DType, DTYPES } from "../../../tensor/dtype.ts";
import { ELEMENTS, type ElementRow } from "../../../tensor/elements.ts";
import type { NanPolicy } from "../../../io/types.ts";

/** Where values stand, as JSON Pointer, and what becomes of those that are not finite. */
export interface CastOptions {
  readonly path: string;
  readonly nan: NanPolicy;
}

/**
 * The values as elements of a type: doubles too, where they are whole and in range for a type of whole numbers.
 *
 * Doubles wanted as doubles are not copied. Numbers that are not finite fit float types unless the policy is "error". Throws INVALID_ARGUMENT with the index of each
 * value that does not fit.
 */
export function castValues<D extends DType>(
  values: ArrayLike<unknown>,
  dtype: D,
  { path, nan }: CastOptions,
): DataOf[D] {
  const row: ElementRow<D> = ELEMENTS[dtype];
  const data: DataOf[D] = CREATE_DATA[dtype](values.length);
  const standsAsItIs = nan !== "error" && DTYPES[dtype].kind === "float";
  const problems = createProblemList();
  for (let index = row.fill(values, data, 0); index < values.length; index += 1) {
    const value = values[index];
    // Only a number that is not finite needs its name: as a text every float type knows it.
    const isNamed = standsAsItIs && typeof value === "number" && !Number.isFinite(value);
    const isSet = isNamed ? row.set(data, index, String(value), "string") : row.set(data, index, value, nan);
    if (!isSet)
      addProblem(problems, () => ({
        path: childPath(path, index),
        message: `expected ${row.expected}, got ${describeValue(value)}`,
      }));
  }
  assertNoProblems(problems);
  return data;
}
