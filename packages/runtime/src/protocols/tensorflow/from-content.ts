import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import { fromBytes } from "../../tensor/raw.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * The tensor of a message's `tensor_content`; `list` names a list that holds values as well.
 *
 * Throws INVALID_ARGUMENT for values in both places: TensorFlow takes the content, and one of the two is not what the caller means. Throws it too for texts, which
 * have no content, and for bytes that don't fit the shape.
 */
export function fromContent(
  content: Uint8Array,
  {
    dtype,
    shape,
    list,
  }: { readonly dtype: DType; readonly shape: readonly number[]; readonly list: string | undefined },
): Tensor {
  if (dtype === "string")
    throw new ServingError("INVALID_ARGUMENT", "expected the texts of DT_STRING in string_val, got tensor_content");
  if (list === undefined) return fromBytes(content, dtype, shape);
  throw new ServingError(
    "INVALID_ARGUMENT",
    `expected values in tensor_content or in a list, got tensor_content and ${list}`,
  );
}
