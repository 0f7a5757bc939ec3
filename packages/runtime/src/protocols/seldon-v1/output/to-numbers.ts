import type { TensorOf } from "../../../tensor/tensor.ts";

/** Nested lists of numbers as a tensor of doubles; undefined for lists that are not regular or hold anything else. */
export function toNumbers(values: readonly unknown[]): TensorOf<"float64"> | undefined {
  const shape = shapeOf(values);
  const leaves: number[] = [];
  if (!collect(values, shape, 0, leaves)) return undefined;
  return { dtype: "float64", shape, data: Float64Array.from(leaves) };
}

/** The sizes that the first elements tell. */
function shapeOf(values: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

function collect(values: readonly unknown[], shape: readonly number[], axis: number, leaves: number[]): boolean {
  if (values.length !== shape[axis]) return false;
  const isLast = axis === shape.length - 1;
  return values.every((value: unknown) => {
    if (Array.isArray(value)) return !isLast && collect(value, shape, axis + 1, leaves);
    if (!isLast || (typeof value !== "number" && typeof value !== "bigint")) return false;
    leaves.push(Number(value));
    return true;
  });
}
