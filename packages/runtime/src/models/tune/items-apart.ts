import { DTYPES } from "../../tensor/dtype.ts";
import { splitRows } from "../../tensor/join-split.ts";
import { plainValues } from "../../tensor/plain-values.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import type { TensorInfo } from "../types.ts";

/** Weights that are rounded by what a run holds make this much of the largest output; another item's influence makes more. */
const TOLERANCE = 0.05;

/** The feeds of a batch as those of its items, each of one row of the inputs whose first axis is free. */
export function feedsOfItems(inputs: readonly TensorInfo[], feeds: NamedTensors, batch: number): NamedTensors[] {
  const columns = Object.entries(feeds).map(([name, tensor]): readonly [string, readonly Tensor[]] => {
    const first = inputs.find((input) => input.name === name)?.shape[0];
    const isRow = first === null || typeof first === "string";
    // Each part is of the type of the whole.
    return [name, isRow ? (splitRows(tensor, ones(batch)) as Tensor[]) : ones(batch).map(() => tensor)];
  });
  return ones(batch).map((_, item) =>
    Object.fromEntries(columns.flatMap(([name, items]) => (items[item] === undefined ? [] : [[name, items[item]]]))),
  );
}

/**
 * Whether the items of a batch got what each gets alone: not where the first axis is time, or the model reckons over all of its rows.
 *
 * Floats may differ by 5 % of the largest: kernels and quantisation depend on the size of a batch. Where there are none all must be the same.
 */
export function areItemsApart(together: NamedTensors, alone: readonly NamedTensors[]): boolean {
  const outputs = Object.entries(together);
  const floats = outputs.filter(([, tensor]) => isFloat(tensor));
  return (floats.length > 0 ? floats : outputs).every(([name, tensor]) => {
    const parts: readonly Tensor[] = splitRows(tensor, ones(alone.length)) as Tensor[];
    return parts.every((part, item) => {
      const other = alone[item]?.[name];
      return other !== undefined && isAlike(part, other);
    });
  });
}

function isAlike(a: Tensor, b: Tensor): boolean {
  if (a.data.length !== b.data.length) return false;
  const [left, right] = [Array.from(plainValues(a)), Array.from(plainValues(b))];
  const differences = left.map((value, at) =>
    typeof value === "number" ? Math.abs(value - Number(right[at])) : Number(value !== right[at]),
  );
  const sizes = [...left, ...right].map((value) => Math.abs(Number(value)));
  const most = sizes.reduce((largest, size) => (Number.isFinite(size) ? Math.max(largest, size) : largest), 0);
  const allowed = isFloat(a) ? most * TOLERANCE : 0;
  // Two that are no numbers, or both infinite, have no difference.
  return !differences.some((difference) => difference > allowed);
}

function isFloat({ dtype }: Tensor): boolean {
  return dtype !== "string" && DTYPES[dtype].kind === "float";
}

function ones(count: number): readonly number[] {
  return Array.from({ length: count }, () => 1);
}
