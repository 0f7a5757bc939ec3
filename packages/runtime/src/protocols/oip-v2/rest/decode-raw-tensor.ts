import { decodeUtf8 } from "../../../io/text.ts";
import { ServingError } from "../../../errors.ts";
import type { IoTensorInfo } from "../../../io/tensor-infos.ts";
import { DTYPES } from "../../../tensor/dtype.ts";
import { fromBytes } from "../../../tensor/raw.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { ServedModel } from "../../served-models/model-table.ts";
import type { InferRequest } from "../types.ts";

/**
 * Decodes a raw binary request: a body that is the one tensor of a model with one input; every output is answered in bytes.
 *
 * Of two free sizes the first is the batch and 1. Throws INVALID_ARGUMENT for a model with more inputs, for sizes that the number of bytes does not tell,
 * and for texts in any shape but [1], where the body is the text itself.
 * Source: Triton's binary tensor data extension, "Raw Binary Request".
 */
export function decodeRawTensor(bytes: Buffer, { name, inputs }: ServedModel): InferRequest {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `Inference-Header-Content-Length: 0 says that the body is one tensor, model "${name}" takes ${inputs.length}`,
    );
  }
  const tensor =
    input.dtype === "string" ? textTensor(bytes, input) : numberTensor(bytes, input, DTYPES[input.dtype].bytes);
  return {
    id: undefined,
    contentType: undefined,
    inputs: [{ name: input.name, contentType: undefined, tensor }],
    outputs: undefined,
    isBinary: true,
  };
}

function textTensor(bytes: Buffer, { shape }: IoTensorInfo): Tensor {
  const isOne = shape.length === 1 && (shape[0] === 1 || shape[0] === null);
  if (!isOne) throw notTold(shape, "texts");
  return { dtype: "string", shape: [1], data: [decodeUtf8(bytes, "")] };
}

function numberTensor(bytes: Buffer, { dtype, shape }: IoTensorInfo, elementBytes: number): Tensor {
  const free = shape.filter((size) => size === null).length;
  const batched = free > 1 && shape[0] === null ? [1, ...shape.slice(1)] : shape;
  if (batched.filter((size) => size === null).length > 1) throw notTold(shape, dtype);
  const rowBytes = batched.reduce<number>((product, size) => product * (size ?? 1), elementBytes);
  const rows = rowBytes === 0 ? 0 : bytes.length / rowBytes;
  if (!Number.isInteger(rows))
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected a multiple of ${rowBytes} bytes for ${dtype} ${formatShape(shape)}, got ${bytes.length}`,
    );
  return fromBytes(
    bytes,
    dtype,
    batched.map((size) => size ?? rows),
  );
}

function notTold(shape: IoTensorInfo["shape"], what: string): ServingError {
  return new ServingError(
    "INVALID_ARGUMENT",
    `a raw body can't carry ${what} of shape ${formatShape(shape)}: send the JSON part with their shape`,
  );
}
