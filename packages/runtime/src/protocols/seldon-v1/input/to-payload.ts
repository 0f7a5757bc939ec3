import { describeValue } from "../../../describe-value.ts";
import { invalidInput, type ServingError } from "../../../errors.ts";
import { parseJsonBytes } from "../../../io/json-bytes/parse-json-bytes.ts";
import { needsExactIntegers } from "../../../io/json-text.ts";
import type { Content, DataFrameSpec, IoSpec, JsonSchema, JsonValue, Payload, TensorsSpec } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { NamedTensors, Tensor } from "../../../tensor/tensor.ts";
import { toNested } from "../../../tensor/to-nested.ts";
import type { ArrayData, SeldonData } from "../types.ts";
import { castValues } from "./cast-values.ts";
import { givenNames, toColumns } from "./to-columns.ts";
import { cast, type Place, toTensor } from "./to-tensor.ts";

/** Name of the one tensor of an input that has no names of its own. */
const INPUT = "data";

/**
 * What an input type reads from the data of a message.
 *
 * Arrays become tensors in the element types of the input, columns by their names or in order, or nested lists; `strData` is the text, or JSON where the input is no text;
 * `jsonData` is the JSON; `binData` the bytes. Throws INVALID_ARGUMENT with the place of what the input can't be had from.
 */
export function toPayload(data: SeldonData, spec: IoSpec, place: Place): Payload | Promise<Payload> {
  switch (data.kind) {
    case "jsonData":
      return { kind: "json", value: data.value };
    case "strData":
      return { kind: "json", value: takesText(spec) ? data.text : parseText(data.text, spec, place.path) };
    case "binData":
      return fromBytes(data.content, spec, place.path);
    default:
      return fromArray(data, spec, place);
  }
}

function fromArray(data: ArrayData, spec: IoSpec, place: Place): Payload {
  switch (spec.kind) {
    case "tensor":
      return { kind: "tensors", tensors: { [INPUT]: toTensor(data, spec, place) } };
    case "tensors":
      return { kind: "tensors", tensors: toTensors(data, spec, place) };
    case "dataFrame":
      return toFrame(data, spec, place);
    case "json":
      return { kind: "json", value: toLists(data, place) };
    case "text":
    case "image":
    case "file":
    case "bytes":
      return fromOneElement(data, spec.kind, place);
    case "multipart":
    case "list":
      throw fault(`${place.path}/data`, "this API takes no array: send its JSON as jsonData");
  }
}

/** One tensor is the array itself; several are its columns. */
function toTensors(data: ArrayData, { tensors }: TensorsSpec, place: Place): NamedTensors {
  const wanted = Object.entries(tensors);
  const [only, ...others] = wanted;
  if (only !== undefined && others.length === 0) return { [only[0]]: toTensor(data, only[1], place) };
  const many = wanted.find(([, { shape }]) => !isColumn(shape));
  if (many !== undefined) {
    const message = `"${many[0]}" of shape ${formatShape(many[1].shape)} is no column of a table: send jsonData {"${many[0]}": …}`;
    throw fault(`${place.path}/data`, message);
  }
  const named = nameColumns(data, Object.keys(tensors), place);
  return Object.fromEntries(
    [...named.columns].map(([name, column]) => {
      const { dtype, shape } = tensors[name] ?? { dtype: "float64", shape: [null] };
      const values = castValues(column, dtype, { ...place, path: childPath(place.path, name) });
      const tensor: Tensor = {
        dtype,
        shape: shape.length === 2 ? [named.rows, 1] : [named.rows],
        data: values,
      } as Tensor;
      return [name, tensor];
    }),
  );
}

function isColumn(shape: readonly (number | null)[]): boolean {
  return shape.length === 1 || (shape.length === 2 && (shape[1] === 1 || shape[1] === null));
}

/** Nested lists may hold anything that JSON has, so that they are read as such; numbers of one type are read by column. */
function toFrame(data: ArrayData, { key, columns }: DataFrameSpec, place: Place): Payload {
  const declared = Object.keys(columns);
  if (data.kind === "ndarray") {
    const names = givenNames(data.names);
    return { kind: "json", value: { [key]: { columns: names.length > 0 ? names : declared, data: data.values } } };
  }
  const named = nameColumns(data, declared, place);
  const dtype = data.kind === "tensor" ? "float64" : data.tensor.dtype;
  const tensors = [...named.columns].map(([name, column]): [string, Tensor] => {
    const values = castValues(column, dtype, { ...place, path: childPath(place.path, name) });
    return [name, { dtype, shape: [named.rows], data: values } as Tensor];
  });
  return { kind: "tensors", tensors: Object.fromEntries(tensors) };
}

/** Columns under the names that came with them, or in the order of those wanted. */
function nameColumns(
  data: ArrayData,
  wanted: readonly string[],
  { path }: Place,
): { readonly rows: number; readonly columns: ReadonlyMap<string, readonly unknown[]> } {
  const { rows, names, columns } = toColumns(data, path);
  if (names.length === 0 && columns.length !== wanted.length) {
    const message = `expected ${wanted.length} columns (${wanted.slice(0, 20).join(", ")}), got ${columns.length} without names`;
    throw fault(`${path}/data/${data.kind}`, message);
  }
  const own = names.length === 0 ? wanted : names;
  const repeated = own.findIndex((name, index) => own.indexOf(name) !== index);
  if (repeated >= 0) throw fault(`${path}/data/names/${repeated}`, "this name came twice");
  return { rows, columns: new Map(own.map((name, index) => [name, columns[index] ?? []])) };
}

function toLists(data: ArrayData, place: Place): unknown {
  if (data.kind === "ndarray") return data.values;
  const tensor = data.kind === "tensor" ? cast(data, "float64", place) : cast(data, data.tensor.dtype, place);
  return toNested(tensor, { nan: place.nan });
}

/** The one text of an array, or its bytes. */
function fromOneElement(data: ArrayData, what: string, { path }: Place): Payload {
  if (data.kind === "tftensor" && data.tensor.dtype === "uint8")
    return { kind: "tensors", tensors: { [INPUT]: data.tensor } };
  const [only, ...others] = data.kind === "ndarray" ? data.values.flat(4) : textsOf(data);
  if (typeof only === "string" && others.length === 0) return { kind: "json", value: only };
  const got = others.length > 0 ? `${others.length + 1} elements` : describeValue(only);
  throw fault(`${path}/data/${data.kind}`, `expected an array with one text, the ${what}, got ${got}`);
}

function textsOf(data: Exclude<ArrayData, { kind: "ndarray" }>): readonly unknown[] {
  const values = data.kind === "tensor" ? data.values : data.tensor.data;
  // Two are as wrong as a million.
  return Array.from({ length: Math.min(values.length, 2) }, (_, index) => values[index]);
}

function takesText(spec: IoSpec): boolean {
  if (spec.kind === "json") return schemaTakesText(spec.schema);
  return spec.kind === "text" || spec.kind === "image" || spec.kind === "file" || spec.kind === "bytes";
}

/** Whether a text fits a schema as it is: one of texts, among others, or one that says nothing. */
function schemaTakesText(schema: JsonValue): boolean {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema !== false;
  const { type, anyOf, oneOf } = schema as JsonSchema;
  if (type !== undefined) return type === "string" || (Array.isArray(type) && type.includes("string"));
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.some(schemaTakesText);
  return !["const", "enum", "allOf", "$ref", "properties", "items"].some((keyword) => keyword in schema);
}

function parseText(text: string, spec: IoSpec, path: string): unknown {
  try {
    return parseJsonBytes(Buffer.from(text), { exactIntegers: needsExactIntegers(spec) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fault(`${path}/strData`, `expected the input as JSON text: ${reason}`);
  }
}

async function fromBytes(content: Content, spec: IoSpec, path: string): Promise<Payload> {
  // Nothing says of what type the bytes are, where an API takes some types only.
  if (spec.kind === "file" && spec.mediaTypes.length > 0)
    return { kind: "json", value: Buffer.from(await content.bytes()).toString("base64") };
  const mediaType = mediaTypeOf(spec);
  if (mediaType === undefined) throw fault(`${path}/binData`, "this API takes no bytes: send data or jsonData");
  return { kind: "parts", parts: [{ name: undefined, fileName: undefined, mediaType, content }] };
}

function mediaTypeOf(spec: IoSpec): string | undefined {
  switch (spec.kind) {
    case "bytes":
      return spec.mediaType;
    case "image":
    case "file":
    case "tensor":
      return "application/octet-stream";
    case "dataFrame":
      return "text/csv";
    case "text":
      return "text/plain";
    case "json":
    case "tensors":
    case "multipart":
    case "list":
      return undefined;
  }
}

function fault(path: string, message: string): ServingError {
  return invalidInput([{ path, message }]);
}
