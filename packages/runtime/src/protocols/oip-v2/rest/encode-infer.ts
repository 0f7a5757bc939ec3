import type { HttpReply } from "../../../call/types.ts";
import { stringifyJson } from "../../../io/json-text.ts";
import type { NanPolicy } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import { DTYPES } from "../../../tensor/dtype.ts";
import { toBytes } from "../../../tensor/raw.ts";
import { toNested } from "../../../tensor/to-nested.ts";
import type { InferOutput, InferReply } from "../types.ts";
import { HEADER_LENGTH } from "./read-infer-body.ts";

/** Body of a reply, and the headers that tell what it is. */
export type EncodedReply = Pick<HttpReply, "headers"> & { readonly body: string | Buffer };

/**
 * Encodes an inference reply: JSON, followed by the bytes of the outputs that were wanted as bytes.
 *
 * Throws INTERNAL for a non-finite number in JSON that `nan` has no stand-in for.
 * Source: Open Inference Protocol v2, "Inference Response JSON Object"; Triton's binary tensor data extension.
 */
export function encodeInferReply(reply: InferReply, { nan }: { readonly nan: NanPolicy }): EncodedReply {
  const { modelName, model, id, contentType, outputs } = reply;
  const tensors: Uint8Array[] = [];
  const json = stringifyJson({
    model_name: modelName,
    model_version: model.version,
    id,
    ...(contentType === undefined ? {} : { parameters: { content_type: contentType } }),
    outputs: outputs.map((output) => toOutput(output, nan, tensors)),
  });
  if (!outputs.some(({ isBinary }) => isBinary)) return { headers: JSON_HEADERS, body: json };
  const head = Buffer.from(json);
  const headers = { "content-type": "application/octet-stream", [HEADER_LENGTH]: String(head.length) };
  return { headers, body: Buffer.concat([head, ...tensors]) };
}

const JSON_HEADERS = { "content-type": "application/json" };

/** The object of one output; where it goes out in bytes they are put behind those of the outputs before. */
function toOutput({ name, tensor, isBinary, contentType }: InferOutput, nan: NanPolicy, tensors: Uint8Array[]): object {
  const { shape, dtype } = tensor;
  const head = { name, shape, datatype: DTYPES[dtype].v2 };
  const named = contentType === undefined ? undefined : { content_type: contentType };
  if (isBinary) {
    const bytes = toBytes(tensor);
    tensors.push(bytes);
    return { ...head, parameters: { ...named, binary_data_size: bytes.byteLength } };
  }
  // Replies are flat: one list in row-major order.
  const data = toNested({ ...tensor, shape: [tensor.data.length] }, { path: childPath("", name), nan });
  return named === undefined ? { ...head, data } : { ...head, parameters: named, data };
}
