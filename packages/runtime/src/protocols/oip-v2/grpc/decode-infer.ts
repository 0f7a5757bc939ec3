import { invalidInput } from "../../../errors.ts";
import { childPath } from "../../../problem-list.ts";
import { fromBytes } from "../../../tensor/raw.ts";
import { delimitedTag, ProtoReader, varintTag } from "../../wire/proto-reader.ts";
import { atPlace } from "../../at-place.ts";
import { assertAxes, parseDatatype } from "../datatype.ts";
import type { InferInput, InferRequest } from "../types.ts";
import { readContentType } from "./infer-parameter.ts";
import { readContents } from "./tensor-contents.ts";

/** Fields of ModelInferRequest. */
const REQUEST = {
  modelName: delimitedTag(1),
  modelVersion: delimitedTag(2),
  id: delimitedTag(3),
  parameters: delimitedTag(4),
  inputs: delimitedTag(5),
  outputs: delimitedTag(6),
  rawInputContents: delimitedTag(7),
} as const;

/** Fields of ModelInferRequest.InferInputTensor; those of InferRequestedOutputTensor begin alike. */
const TENSOR = {
  name: delimitedTag(1),
  datatype: delimitedTag(2),
  packedShape: delimitedTag(3),
  shape: varintTag(3),
  parameters: delimitedTag(4),
  contents: delimitedTag(5),
} as const;

/** Messages of one kind in a request; far more than a model has tensors, and a bound for messages made of nothing else. */
const MAX_TENSORS = 10_000;

/** Reads which model a ModelInferRequest is for, and nothing else of it. Throws INVALID_ARGUMENT for bytes that are no message. */
export function readModelName(message: Buffer): { readonly name: string; readonly version: string } {
  const reader = new ProtoReader(message);
  let name = "";
  let version = "";
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === REQUEST.modelName) name = reader.text();
    else if (tag === REQUEST.modelVersion) version = reader.text();
    else reader.skip(tag);
  }
  return { name, version };
}

/**
 * Decodes a ModelInferRequest; its tensors are views of the message, which belongs to them from now on.
 *
 * Throws INVALID_ARGUMENT that names the input: bytes that are no message, both raw and typed contents, a count or a number of bytes that does not fit.
 * Source: Open Inference Protocol v2, "GRPC", Tensor Data; Triton's rules for raw_input_contents.
 */
export function decodeInferRequest(message: Buffer): InferRequest {
  const reader = new ProtoReader(message);
  let id: string | undefined;
  let contentType: string | undefined;
  const heads: TensorHead[] = [];
  const wanted: string[] = [];
  const raw: Buffer[] = [];
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === REQUEST.inputs) push(heads, readHead(reader.message()), "inputs");
    else if (tag === REQUEST.rawInputContents) push(raw, reader.view(), "raw_input_contents");
    else if (tag === REQUEST.id) id = reader.text();
    else if (tag === REQUEST.outputs) push(wanted, readHead(reader.message()).name, "outputs");
    else if (tag === REQUEST.parameters) contentType = readContentType(reader.message()) ?? contentType;
    else reader.skip(tag);
  }
  const isBinary = raw.length > 0;
  return {
    id: id === "" ? undefined : id,
    contentType,
    inputs: isBinary ? rawInputs(heads, raw) : heads.map(typedInput),
    outputs: wanted.length === 0 ? undefined : wanted.map((name) => ({ name, isBinary })),
    isBinary,
  };
}

function push<T>(list: T[], item: T, field: string): void {
  if (list.length === MAX_TENSORS)
    throw invalidInput([{ path: childPath("", field), message: `expected at most ${MAX_TENSORS}` }]);
  list.push(item);
}

/** What stands in a tensor's message beside its elements. */
interface TensorHead {
  readonly message: ProtoReader;
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contentType: string | undefined;
  readonly hasContents: boolean;
}

function readHead(message: ProtoReader): TensorHead {
  const reader = new ProtoReader(message.bytes, message.at, message.end);
  let name = "";
  let datatype = "";
  let contentType: string | undefined;
  let hasContents = false;
  const shape: number[] = [];
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === TENSOR.name) name = reader.text();
    else if (tag === TENSOR.datatype) datatype = reader.text();
    else if (tag === TENSOR.packedShape) readSizes(reader.message(), shape);
    else if (tag === TENSOR.shape) addSize(shape, reader.signedVarint());
    else if (tag === TENSOR.parameters) contentType = readContentType(reader.message()) ?? contentType;
    else if (tag === TENSOR.contents) hasContents = reader.delimited() > 0 || hasContents;
    else reader.skip(tag);
  }
  return { message, name, datatype, shape, contentType, hasContents };
}

function readSizes(packed: ProtoReader, shape: number[]): void {
  while (packed.at < packed.end) addSize(shape, packed.signedVarint());
}

function addSize(shape: number[], size: number): void {
  shape.push(size);
  assertAxes(shape.length, "/inputs");
}

function rawInputs(heads: readonly TensorHead[], raw: readonly Buffer[]): InferInput[] {
  const typed = heads.find((head) => head.hasContents);
  if (typed !== undefined) {
    throw invalidInput([
      { path: childPath("", typed.name), message: "has contents beside raw_input_contents: send one of the two" },
    ]);
  }
  if (raw.length !== heads.length) {
    throw invalidInput([
      { path: "/raw_input_contents", message: `expected ${heads.length}, one for each input, got ${raw.length}` },
    ]);
  }
  return heads.map((head, index) => rawInput(head, raw[index] ?? Buffer.alloc(0)));
}

function rawInput({ name, datatype, shape, contentType }: TensorHead, bytes: Buffer): InferInput {
  const path = childPath("", name);
  const dtype = parseDatatype(datatype, path);
  return { name, contentType, tensor: atPlace(path, () => fromBytes(bytes, dtype, shape)) };
}

function typedInput({ message, name, datatype, shape, contentType }: TensorHead): InferInput {
  const path = childPath("", name);
  const dtype = parseDatatype(datatype, path);
  return { name, contentType, tensor: atPlace(path, () => readContents(message, dtype, shape)) };
}
