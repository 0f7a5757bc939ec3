import type { Tensor } from "./tensor.ts";

/** Index of the first element that is NaN or infinite; -1 when there is none, as in types that have no such values. */
export function findNonFinite({ dtype, data }: Tensor): number {
  switch (dtype) {
    case "float32":
    case "float64":
      return firstOf(data, (value) => !Number.isFinite(value));
    // An exponent of all ones: IEEE 754, section 3.4.
    case "float16":
      return firstOf(data, (bits) => (bits & 0x7c00) === 0x7c00);
    case "bfloat16":
      return firstOf(data, (bits) => (bits & 0x7f80) === 0x7f80);
    default:
      return -1;
  }
}

function firstOf(data: ArrayLike<number>, isWanted: (value: number) => boolean): number {
  for (let index = 0; index < data.length; index += 1) if (isWanted(data[index] ?? 0)) return index;
  return -1;
}
