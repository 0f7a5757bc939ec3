import { bfloat16ToNumber, float16ToNumber } from "./float16.ts";
import type { Tensor } from "./tensor.ts";

/** The elements of a tensor as the values that they stand for: `bool` as booleans, 16-bit floats as numbers. Others are the tensor's own data, not a copy. */
export function plainValues(tensor: Tensor): ArrayLike<unknown> {
  switch (tensor.dtype) {
    case "bool":
      return Array.from(tensor.data, (bit) => bit !== 0);
    case "float16":
      return Array.from(tensor.data, float16ToNumber);
    case "bfloat16":
      return Array.from(tensor.data, bfloat16ToNumber);
    default:
      return tensor.data;
  }
}
