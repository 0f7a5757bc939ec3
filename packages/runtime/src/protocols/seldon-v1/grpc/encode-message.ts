import { LIST_ROWS } from "../../tensorflow/value-lists.ts";
import { writeTensorProto } from "../../tensorflow/tensor-proto.ts";
import { ProtoWriter } from "../../wire/proto-writer.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { plainValues } from "../../../tensor/plain-values.ts";
import { METRIC_TYPES, type ReplyData, type SeldonMetric, type SeldonReply } from "../types.ts";
import { DATA, MESSAGE, META, METRIC, TENSOR } from "./fields.ts";
import { ENTRY } from "./struct-value.ts";
import { writeList, writeMap, writeValue } from "./write-value.ts";

/**
 * A reply as a `seldon.protos.SeldonMessage`; its meta is always there, also when it says nothing: orchestrators read it unasked.
 *
 * Numbers of tensors are doubles, in which whole ones past 2^53 are rounded.
 */
export async function encodeMessage({ data, meta }: SeldonReply): Promise<Buffer> {
  const bytes = data.kind === "binData" ? await data.content.bytes() : NO_BYTES;
  const writer = new ProtoWriter(256 + bytes.byteLength + guessBytes(data));
  writeData(writer, data, bytes);
  writer.message(MESSAGE.meta, () => {
    for (const metric of meta.metrics.toReversed()) writer.message(META.metrics, () => writeMetric(writer, metric));
    writeMap(writer, META.requestPath, meta.requestPath, (image) => writer.text(ENTRY.value, image));
    writeMap(writer, META.tags, meta.tags, (tag) => writeValue(writer, ENTRY.value, tag));
    if (meta.puid !== "") writer.text(META.puid, meta.puid);
  });
  return writer.finish();
}

const NO_BYTES = new Uint8Array(0);

/** A guess that may be too small. */
function guessBytes(data: ReplyData): number {
  if (data.kind === "tensor" || data.kind === "tftensor") return 8 * data.tensor.data.length;
  return data.kind === "strData" ? 3 * data.text.length : 1024;
}

function writeData(writer: ProtoWriter, data: ReplyData, bytes: Uint8Array): void {
  switch (data.kind) {
    case "strData":
      return writer.text(MESSAGE.strData, data.text);
    case "binData":
      return writer.delimited(MESSAGE.binData, bytes);
    case "jsonData":
      return writeValue(writer, MESSAGE.jsonData, data.value);
    case "tensor":
      return writeArray(writer, data.names, () =>
        writer.message(DATA.tensor, () => {
          if (data.tensor.data.length > 0) LIST_ROWS.float64.write(writer, TENSOR.values, toDoubles(data.tensor));
          writer.packedVarints(TENSOR.shape, data.tensor.shape);
        }),
      );
    case "ndarray":
      return writeArray(writer, data.names, () => writeList(writer, DATA.ndarray, data.values));
    case "tftensor":
      return writeArray(writer, data.names, () =>
        writer.message(DATA.tftensor, () => writeTensorProto(writer, data.tensor, "lists")),
      );
  }
}

function writeArray(writer: ProtoWriter, names: readonly string[] | undefined, writeForm: () => void): void {
  writer.message(MESSAGE.data, () => {
    writeForm();
    for (const name of (names ?? []).toReversed()) writer.text(DATA.names, name);
  });
}

function toDoubles(tensor: Tensor): Float64Array {
  return tensor.dtype === "float64" ? tensor.data : Float64Array.from(plainValues(tensor), Number);
}

function writeMetric(writer: ProtoWriter, { key, type, value, tags }: SeldonMetric): void {
  writeMap(writer, METRIC.tags, tags, (tag) => writer.text(ENTRY.value, tag));
  writer.float(METRIC.value, value);
  writer.varint(METRIC.type, METRIC_TYPES.indexOf(type));
  writer.text(METRIC.key, key);
}
