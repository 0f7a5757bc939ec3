import { describeValue } from "../describe-value.ts";
import { addProblem, assertNoProblems, createProblemList, type ProblemList } from "../problem-list.ts";
import { CREATE_DATA, type DataOf, type DType } from "./dtype.ts";
import { type ElementRow, ELEMENTS, type NonFinite } from "./elements.ts";
import { elementCount, fitsShape, formatShape } from "./shape.ts";
import type { TensorAmong, TensorOf } from "./tensor.ts";

/** Where the value stands, as JSON Pointer, and what stands for a non-finite number; "" and "error" unless given. */
export interface NestedOptions {
  readonly path?: string;
  readonly nan?: NonFinite;
}

/**
 * Reads nested lists, as JSON has them, into a tensor; a scalar is a plain value.
 *
 * Exact for int64 and uint64, which take safe integers, bigints and digits as text; floats round to the nearest; bool takes true and false only.
 * Free sizes of a list without elements become 0. Throws INVALID_ARGUMENT that names each fault's place: ragged lists, a shape other than declared, a
 * value that is no element of the type or out of its range.
 */
export function fromNested<D extends DType>(
  value: unknown,
  dtype: D,
  declared: readonly (number | string | null)[],
  options: NestedOptions = {},
): TensorAmong<D> {
  const path = options.path ?? "";
  const problems = createProblemList();
  const row: ElementRow<D> = ELEMENTS[dtype];
  const shape = measure(value, declared, path, row.expected, problems);
  checkRows(value, shape, 0, path, row.expected, problems);
  assertNoProblems(problems);
  // Only now: each row was seen to be there, so the size of the data is bounded by that of the input.
  const data: DataOf[D] = CREATE_DATA[dtype](elementCount(shape));
  const reader: Reader<D> = { data, row, nan: options.nan ?? "error", problems };
  if (shape.length === 0) readRow(reader, [value], 0, () => path, true);
  else readLevel(reader, value, shape, 0, 0, [], path);
  assertNoProblems(problems);
  const tensor: TensorOf<D> = { dtype, shape, data };
  return tensor as TensorAmong<D>;
}

interface Reader<D extends DType> {
  readonly data: DataOf[D];
  readonly row: ElementRow<D>;
  readonly nan: NonFinite;
  readonly problems: ProblemList;
}

/** The shape that the first element of each level tells; throws when it is not of the declared rank and sizes. */
function measure(
  value: unknown,
  declared: readonly (number | string | null)[],
  path: string,
  expected: string,
  problems: ProblemList,
): number[] {
  const shape: number[] = [];
  let level = value;
  let isEmpty = false;
  for (const [axis, size] of declared.entries()) {
    if (isEmpty) {
      shape.push(typeof size === "number" && size >= 0 ? size : 0);
      continue;
    }
    if (!Array.isArray(level)) {
      const place = path + "/0".repeat(axis);
      const what = axis === declared.length - 1 ? `a list with ${expected} each` : "a list of lists";
      addProblem(problems, () => ({
        path: place,
        message: `expected ${what} (shape ${formatShape(declared)}), got ${describeValue(level)}`,
      }));
      assertNoProblems(problems);
      return shape;
    }
    shape.push(level.length);
    isEmpty = level.length === 0;
    level = level[0];
  }
  if (!fitsShape(shape, declared)) {
    addProblem(problems, () => ({
      path,
      message: `expected shape ${formatShape(declared)}, got ${formatShape(shape)}`,
    }));
    assertNoProblems(problems);
  }
  return shape;
}

/** Finds lists that are shorter or longer than the first of their level. */
function checkRows(
  value: unknown,
  shape: readonly number[],
  axis: number,
  path: string,
  expected: string,
  problems: ProblemList,
): void {
  const size = shape[axis + 1];
  if (size === undefined || !Array.isArray(value)) return;
  for (let index = 0; index < value.length; index++) {
    const row: unknown = value[index];
    if (Array.isArray(row) && row.length === size) {
      if (axis + 2 < shape.length) checkRows(row, shape, axis + 1, `${path}/${index}`, expected, problems);
      continue;
    }
    addProblem(problems, () => ({
      path: `${path}/${index}`,
      message: Array.isArray(row)
        ? `expected a list of ${size} like the first one, got ${row.length}`
        : `expected a list of ${size}, got ${describeValue(row)}`,
    }));
  }
}

/** Reads one level and all below it; gives the offset behind the last element. `indices` are those of the levels above. */
function readLevel<D extends DType>(
  reader: Reader<D>,
  value: unknown,
  shape: readonly number[],
  axis: number,
  offset: number,
  indices: number[],
  path: string,
): number {
  if (!Array.isArray(value)) return offset;
  if (axis === shape.length - 1) {
    readRow(reader, value, offset, () => [path, ...indices].join("/"), false);
    return offset + value.length;
  }
  let next = offset;
  for (let index = 0; index < value.length; index++) {
    indices[axis] = index;
    next = readLevel(reader, value[index], shape, axis + 1, next, indices, path);
  }
  return next;
}

function readRow<D extends DType>(
  reader: Reader<D>,
  values: readonly unknown[],
  offset: number,
  place: () => string,
  isScalar: boolean,
): void {
  const { row, data, nan, problems } = reader;
  let index = row.fill(values, data, offset);
  while (index < values.length) {
    const value = values[index];
    if (!row.set(data, offset + index, value, nan)) {
      const at = index;
      addProblem(problems, () => ({
        path: isScalar ? place() : `${place()}/${at}`,
        message: `expected ${row.expected}, got ${describeValue(value)}${hint(row, value)}`,
      }));
    }
    index += 1;
  }
}

/** Why a number that looks right is none: it is past 2^53 and its last digits are gone already. */
function hint<D extends DType>(row: ElementRow<D>, value: unknown): string {
  const isLost =
    (row === ELEMENTS.int64 || row === ELEMENTS.uint64) &&
    typeof value === "number" &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value);
  return isLost ? " (past 2^53: send the digits as a string)" : "";
}
