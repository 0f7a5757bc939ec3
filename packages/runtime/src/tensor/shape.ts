import { ServingError } from "../errors.ts";

/** Number of elements of a shape: the product of its sizes, 1 for a scalar. Throws INVALID_ARGUMENT for sizes that are not whole numbers ≥ 0 or whose product passes 2^53. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ServingError(
        "INVALID_ARGUMENT",
        `expected sizes that are whole numbers ≥ 0, got shape ${formatShape(shape)}`,
      );
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) {
    throw new ServingError("INVALID_ARGUMENT", `shape ${formatShape(shape)} holds more elements than can be counted`);
  }
  return count;
}

/** Writes a shape as people read it: `[2,3]`; a free size (null or a name) as `-1` or by its name. */
export function formatShape(shape: readonly (number | string | null)[]): string {
  return `[${shape.map((size) => (size === null ? "-1" : String(size))).join(",")}]`;
}

/** Whether a concrete shape fits a declared one, in which `null`, a negative number or a name leaves the size free. */
export function fitsShape(shape: readonly number[], declared: readonly (number | string | null)[]): boolean {
  if (shape.length !== declared.length) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = declared[axis];
    if (typeof size === "number" && size >= 0 && size !== shape[axis]) return false;
  }
  return true;
}
