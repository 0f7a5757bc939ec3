import { ProtoWriter } from "../../wire/proto-writer.ts";
import type { MessageMetadata, SeldonMetadata } from "../metadata.ts";
import { MESSAGE_METADATA, METADATA } from "./fields.ts";
import { ENTRY } from "./struct-value.ts";
import { writeMap, writeValue } from "./write-value.ts";

/** What a component tells of itself, as a `seldon.protos.SeldonModelMetadata`. */
export function encodeMetadata({ name, versions, platform, inputs, outputs, custom }: SeldonMetadata): Buffer {
  const writer = new ProtoWriter(4096);
  writeMap(writer, METADATA.custom, custom, (text) => writer.text(ENTRY.value, text));
  for (const output of outputs.toReversed()) writer.message(METADATA.outputs, () => writeMessage(writer, output));
  for (const input of inputs.toReversed()) writer.message(METADATA.inputs, () => writeMessage(writer, input));
  writer.text(METADATA.platform, platform);
  for (const version of versions.toReversed()) writer.text(METADATA.versions, version);
  writer.text(METADATA.name, name);
  return writer.finish();
}

function writeMessage(writer: ProtoWriter, { messagetype, schema, name, datatype, shape }: MessageMetadata): void {
  writer.packedVarints(MESSAGE_METADATA.shape, shape ?? []);
  if (datatype !== undefined) writer.text(MESSAGE_METADATA.datatype, datatype);
  if (name !== undefined) writer.text(MESSAGE_METADATA.name, name);
  if (schema !== undefined) writeValue(writer, MESSAGE_METADATA.schema, schema);
  if (messagetype !== undefined) writer.text(MESSAGE_METADATA.messagetype, messagetype);
}
