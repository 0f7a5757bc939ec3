import { isUtf8 } from "node:buffer";
import { childPath } from "../../problem-list.ts";
import type { IoSpec } from "../../io/types.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import { atPlace } from "../at-place.ts";
import { JoinedBytes } from "../wire/joined-bytes.ts";
import { delimitedTag, ProtoReader, varintTag } from "../wire/proto-reader.ts";
import { TF_TYPES, VALUE_LISTS } from "./data-types.ts";
import type { RepeatBudget } from "./fill-shape.ts";
import { decodeTensorProto } from "./tensor-proto.ts";

const FIELD = { inputs: 2, outputFilter: 3 } as const;
/** Fields of an entry of a map. Source: Protocol Buffers, "Maps". */
const ENTRY = { key: 1, value: 2 } as const;

/** What a `tensorflow.serving.PredictRequest` asks of a model. */
export interface PredictRequest {
  readonly inputs: NamedTensors;
  /** Names of the outputs wanted; empty for all. */
  readonly outputFilter: readonly string[];
}

/**
 * Decodes a request for an API whose input is of this type; its ModelSpec is left to `readModelSpec`.
 *
 * Throws as `decodeTensorProto`, with the input's name as place.
 */
export function decodePredictRequest(message: Buffer, input: IoSpec, budget: RepeatBudget): PredictRequest {
  const inputs = new Map<string, Tensor>();
  const outputFilter: string[] = [];
  const reader = new ProtoReader(message);
  const isBinary = takesBytes(input);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(FIELD.inputs)) {
      const { name, value } = readEntry(reader.message());
      // Of two entries with one key the last one counts.
      inputs.set(
        name,
        atPlace(childPath("", name), () => (isBinary ? bytesOf(value) : undefined) ?? decodeTensorProto(value, budget)),
      );
    } else if (tag === delimitedTag(FIELD.outputFilter)) outputFilter.push(reader.text());
    else reader.skip(tag);
  }
  return { inputs: Object.fromEntries(inputs), outputFilter };
}

function readEntry(reader: ProtoReader): { readonly name: string; readonly value: Buffer } {
  let name = "";
  const value = new JoinedBytes();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(ENTRY.key)) name = reader.text();
    else if (tag === delimitedTag(ENTRY.value)) value.take(reader);
    else reader.skip(tag);
  }
  return { name, value: value.whole };
}

function takesBytes(spec: IoSpec): boolean {
  if (spec.kind === "multipart") return Object.values(spec.fields).some((field) => takesBytes(field.spec));
  return spec.kind === "image" || spec.kind === "file" || spec.kind === "bytes";
}

/**
 * The bytes of a picture or file in the only text of a tensor, as TensorFlow's clients send them, as uint8 [n]; undefined for anything else, base64 for example.
 */
function bytesOf(message: Buffer): Tensor | undefined {
  const reader = new ProtoReader(message);
  const values: Buffer[] = [];
  let isText = false;
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(VALUE_LISTS.string_val) && values.length < 2) values.push(reader.view());
    else if (tag === varintTag(1)) isText = reader.varint() === TF_TYPES.string.code;
    else reader.skip(tag);
  }
  const [only, ...others] = values;
  if (!isText || only === undefined || others.length > 0 || isUtf8(only)) return undefined;
  return { dtype: "uint8", shape: [only.length], data: only };
}
