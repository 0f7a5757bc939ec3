import { delimitedTag, ProtoReader } from "../../wire/proto-reader.ts";
import { ProtoWriter } from "../../wire/proto-writer.ts";
import { CONFIG_TYPES, type ConfigTensor, type ModelConfig } from "../model-config.ts";
import type { ModelFacts, ServerFacts, TensorFacts } from "../model-facts.ts";
import { type ModelStatistics, STATISTIC_NAMES } from "../model-statistics.ts";

/** Bytes of a usual message; the writer grows past it. */
const CAPACITY = 512;

/** Reads the name (1) and version (2) of a request about a model; an empty version is undefined. Throws INVALID_ARGUMENT for bytes that are no message. */
export function decodeModelQuery(message: Buffer): { readonly name: string; readonly version: string | undefined } {
  const reader = new ProtoReader(message);
  let name = "";
  let version = "";
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(1)) name = reader.text();
    else if (tag === delimitedTag(2)) version = reader.text();
    else reader.skip(tag);
  }
  return { name, version: version === "" ? undefined : version };
}

/** ServerLiveResponse, ServerReadyResponse, ModelReadyResponse: a bool (1). */
export function encodeFlag(value: boolean): Buffer {
  return written((writer) => {
    if (value) writer.varint(1, 1);
  });
}

/** ServerMetadataResponse. */
export function encodeServerFacts({ name, version, extensions }: ServerFacts): Buffer {
  return written((writer) => {
    for (const extension of extensions.toReversed()) writer.text(3, extension);
    writer.text(2, version);
    writer.text(1, name);
  });
}

/** ModelMetadataResponse. Field 6 stays empty: servers differ in what it is. */
export function encodeModelFacts({ name, versions, platform, inputs, outputs }: ModelFacts): Buffer {
  return written((writer) => {
    for (const output of outputs.toReversed()) writer.message(5, () => writeTensor(writer, output));
    for (const input of inputs.toReversed()) writer.message(4, () => writeTensor(writer, input));
    writer.text(3, platform);
    for (const version of versions.toReversed()) writer.text(2, version);
    writer.text(1, name);
  });
}

function writeTensor(writer: ProtoWriter, { name, datatype, shape }: TensorFacts): void {
  writer.packedVarints(3, shape);
  writer.text(2, datatype);
  writer.text(1, name);
}

/** ModelConfigResponse. */
export function encodeModelConfig({ name, platform, backend, input, output }: ModelConfig): Buffer {
  return written((writer) =>
    writer.message(1, () => {
      writer.text(17, backend);
      // The shape is field 3 of an output and field 4 of an input.
      for (const tensor of output.toReversed()) writer.message(6, () => writeConfigTensor(writer, tensor, 3));
      for (const tensor of input.toReversed()) writer.message(5, () => writeConfigTensor(writer, tensor, 4));
      writer.text(2, platform);
      writer.text(1, name);
    }),
  );
}

function writeConfigTensor(writer: ProtoWriter, { name, data_type, dims }: ConfigTensor, dimsField: number): void {
  writer.packedVarints(dimsField, dims);
  writer.varint(2, CONFIG_TYPES[data_type]);
  writer.text(1, name);
}

/** ModelStatisticsResponse. */
export function encodeModelStatistics(rows: readonly ModelStatistics[]): Buffer {
  return written((writer) => {
    for (const row of rows.toReversed()) writer.message(1, () => writeStatistics(writer, row));
  });
}

function writeStatistics(writer: ProtoWriter, row: ModelStatistics): void {
  writer.message(6, () => {
    for (const [index, name] of [...STATISTIC_NAMES.entries()].toReversed()) {
      const { count, ns } = row.inference_stats[name];
      writer.message(index + 1, () => {
        writer.varint(2, ns);
        writer.varint(1, count);
      });
    }
  });
  writer.varint(5, row.execution_count);
  writer.varint(4, row.inference_count);
  writer.varint(3, row.last_inference);
  writer.text(2, row.version);
  writer.text(1, row.name);
}

function written(write: (writer: ProtoWriter) => void): Buffer {
  const writer = new ProtoWriter(CAPACITY);
  write(writer);
  return writer.finish();
}
