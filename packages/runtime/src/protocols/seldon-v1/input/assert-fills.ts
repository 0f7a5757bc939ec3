import { invalidInput } from "../../../errors.ts";
import { elementCount, formatShape } from "../../../tensor/shape.ts";

/** Most dimensions of an array; NumPy has no more. */
export const MAX_ARRAY_RANK = 64;
/** An array without values costs its sender nothing, however many columns or empty lists it asks for. */
const MAX_EMPTY_COLUMNS = 10_000;
const MAX_EMPTY_LISTS = 1_000_000;

/** Throws INVALID_ARGUMENT at `path` when a tensor's values are not as many as its shape says, or no shape can be so. */
export function assertFills(shape: readonly number[], count: number, path: string): void {
  assertArray(shape, `${path}/shape`);
  const wanted = elementCount(shape);
  if (wanted === count) return;
  throw invalidInput([
    { path: `${path}/values`, message: `expected ${wanted} values for shape ${formatShape(shape)}, got ${count}` },
  ]);
}

/** Throws INVALID_ARGUMENT at `path` for a shape of too many dimensions, and for one without elements that would still be large. */
export function assertArray(shape: readonly number[], path: string): void {
  if (shape.length > MAX_ARRAY_RANK)
    throw invalidInput([{ path, message: `expected at most ${MAX_ARRAY_RANK} dimensions` }]);
  if (!shape.includes(0)) return;
  const lists = shape.reduce((product, size) => product * (size === 0 ? 1 : size), 1);
  if (lists <= MAX_EMPTY_LISTS && (shape[1] ?? 0) <= MAX_EMPTY_COLUMNS) return;
  throw invalidInput([{ path, message: `shape ${formatShape(shape)} is too large for an array without values` }]);
}
