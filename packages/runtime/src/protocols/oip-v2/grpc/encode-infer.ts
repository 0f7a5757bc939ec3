import { DTYPES } from "../../../tensor/dtype.ts";
import { toBytes } from "../../../tensor/raw.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { ProtoWriter } from "../../wire/proto-writer.ts";
import type { InferOutput, InferReply } from "../types.ts";
import { writeContentType } from "./infer-parameter.ts";
import { hasContentsField, writeContents } from "./tensor-contents.ts";

/** Bytes of a tensor's message beside its elements, about; the writer grows past a wrong guess. */
const HEAD_BYTES = 128;

/**
 * Encodes a ModelInferResponse: raw contents where the request had raw ones (unless `isTyped`) or a type has no others, else typed ones; never both in one
 * message.
 *
 * Source: Open Inference Protocol v2, "GRPC"; MLServer's rule of mirroring.
 */
export function encodeInferReply(
  { modelName, model, id, contentType, outputs }: InferReply,
  { isTyped }: { readonly isTyped: boolean },
): Buffer {
  const isRaw = outputs.some(({ isBinary, tensor }) => (isBinary && !isTyped) || !hasContentsField(tensor.dtype));
  const raw = isRaw ? outputs.map(({ tensor }) => toBytes(tensor)) : [];
  const size = isRaw ? raw.reduce((sum, bytes) => sum + bytes.byteLength, 0) : typedBytes(outputs);
  const writer = new ProtoWriter(size + (outputs.length + 1) * HEAD_BYTES);
  for (const bytes of raw.toReversed()) writer.delimited(6, bytes);
  for (const output of outputs.toReversed()) writer.message(5, () => writeOutput(writer, output, isRaw));
  writeContentType(writer, 4, contentType);
  writer.text(3, id);
  writer.text(2, model.version);
  writer.text(1, modelName);
  return writer.finish();
}

function writeOutput(writer: ProtoWriter, { name, tensor, contentType }: InferOutput, isRaw: boolean): void {
  if (!isRaw) writer.message(5, () => writeContents(writer, tensor));
  writeContentType(writer, 4, contentType);
  writer.packedVarints(3, tensor.shape);
  writer.text(2, DTYPES[tensor.dtype].v2);
  writer.text(1, name);
}

function typedBytes(outputs: readonly InferOutput[]): number {
  return outputs.reduce((sum, { tensor }) => sum + dataBytes(tensor), 0);
}

function dataBytes(tensor: Tensor): number {
  return tensor.dtype === "string" ? 0 : tensor.data.byteLength;
}
