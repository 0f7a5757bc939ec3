import { describeValue } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { invalidInput } from "../../errors.ts";
import type { JsonValue } from "../../io/types.ts";
import { childPath } from "../../problem-list.ts";
import type { DataOf, DType } from "../../tensor/dtype.ts";
import { fromNested } from "../../tensor/from-nested.ts";
import { toBytes } from "../../tensor/raw.ts";
import type { Tensor, TensorAmong } from "../../tensor/tensor.ts";
import { atPlace } from "../at-place.ts";
import { bytesFromProtoJson } from "../wire/json-bytes.ts";
import { dtypeOf, TF_TYPES, VALUE_LISTS, type ValueList } from "./data-types.ts";
import { fillShape, type RepeatBudget, shapeOf } from "./fill-shape.ts";
import { fromContent } from "./from-content.ts";
import type { ValuesForm } from "./tensor-proto.ts";
import { toText } from "./value-lists.ts";

/**
 * The tensor that the JSON of a `tensorflow.TensorProto` holds, by the rules of `decodeTensorProto`; names in camelCase or snake_case, numbers also as texts, bytes as base64 of
 * either alphabet.
 *
 * Throws INVALID_ARGUMENT with the place below `path` (a JSON Pointer) of what is wrong, also for unknown fields; PAYLOAD_TOO_LARGE as `decodeTensorProto`.
 * Source: Protocol Buffers, "ProtoJSON Format".
 */
export function tensorProtoFromJson(value: unknown, path: string, budget: RepeatBudget): Tensor {
  const fields = readObject(value, path, FIELD_NAMES);
  const dtype = atPlace(path, () => dtypeOf(fields.get("dtype")));
  const shape = readShape(fields.get("tensor_shape"), childPath(path, "tensorShape"));
  const content = fields.get("tensor_content");
  if (content !== undefined && content !== "") {
    const place = childPath(path, "tensorContent");
    const bytes = bytesFromProtoJson(content, place);
    // Printers of defaults write empty lists beside it.
    const list = Object.keys(VALUE_LISTS).find((name) => readItems(fields.get(name), path).length > 0);
    return atPlace(place, () => fromContent(bytes, { dtype, shape, list }));
  }
  return readList(dtype, shape, { value: fields.get(TF_TYPES[dtype].list), path, budget });
}

/** The JSON of a `tensorflow.TensorProto`; NaN and infinities are texts, as are numbers of 64 bits. */
export function tensorProtoToJson(tensor: Tensor, form: ValuesForm): { readonly [key: string]: JsonValue } {
  const { name, list } = TF_TYPES[tensor.dtype];
  const head = { dtype: name, tensorShape: { dim: tensor.shape.map((size) => ({ size: String(size) })) } };
  if (tensor.data.length === 0) return head;
  if (form === "content" && tensor.dtype !== "string") {
    const { buffer, byteOffset, byteLength } = toBytes(tensor);
    return { ...head, tensorContent: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  return { ...head, [toCamelCase(list)]: toJsonList(tensor) };
}

const FIELD_NAMES: readonly string[] = [
  "dtype",
  "tensor_shape",
  "version_number",
  "tensor_content",
  ...Object.keys(VALUE_LISTS),
];

/** The fields of an object by their snake_case names; null stands for one that is left out. */
function readObject(value: unknown, path: string, names: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidInput([
      { path, message: `expected an object with ${names.map(toCamelCase).join(", ")}, got ${describeValue(value)}` },
    ]);
  const fields = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const name = names.find((known) => key === known || key === toCamelCase(known));
    if (name === undefined)
      throw invalidInput([
        { path: childPath(path, key), message: `unknown field${didYouMean(key, names.map(toCamelCase))}` },
      ]);
    if (field !== null && field !== undefined) fields.set(name, field);
  }
  return fields;
}

function readShape(value: unknown, path: string): readonly number[] {
  if (value === undefined) return [];
  const fields = readObject(value, path, ["dim", "unknown_rank"]);
  const dims = readItems(fields.get("dim"), childPath(path, "dim"));
  const sizes = dims.map((dim, index) => {
    const place = childPath(childPath(path, "dim"), index);
    const size = readObject(dim, place, ["size", "name"]).get("size") ?? 0;
    const [read = 0n] = fromNested([size], "int64", [1], { path: childPath(place, "size") }).data;
    return read;
  });
  return atPlace(path, () => shapeOf(sizes, fields.get("unknown_rank") === true));
}

function readItems(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw invalidInput([{ path, message: `expected a list, got ${describeValue(value)}` }]);
}

function readList<D extends DType>(
  dtype: D,
  shape: readonly number[],
  { value, path, budget }: { readonly value: unknown; readonly path: string; readonly budget: RepeatBudget },
): TensorAmong<D> {
  const { list } = TF_TYPES[dtype];
  const place = childPath(path, toCamelCase(list));
  const items = readItems(value, place);
  return atPlace(path, () => fillShape(dtype, shape, readValues(dtype, list, items, place), budget));
}

function readValues<D extends DType>(dtype: D, list: ValueList, items: readonly unknown[], path: string): DataOf[D] {
  if (list === "string_val") {
    const texts = items.map((item, index) => {
      const place = childPath(path, index);
      const bytes = bytesFromProtoJson(item, place);
      return atPlace(place, () => toText(bytes, index));
    });
    return texts as DataOf[D];
  }
  // Halves are given as their bits, which is also how their data holds them.
  const type = list === "half_val" ? "uint16" : dtype;
  const { data } = fromNested(items.map(toPlain), type, [null], { path, nan: "string" });
  return data as DataOf[D];
}

/** Numbers may come as texts; those of 64 bits are read as such further on, exactly. */
function toPlain(item: unknown): unknown {
  if (typeof item !== "string" || !JSON_NUMBER.test(item)) return item;
  return /^-?\d{16,}$/.test(item) ? BigInt(item) : Number(item);
}

const JSON_NUMBER = /^-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,4})?$/;

function toJsonList(tensor: Tensor): readonly JsonValue[] {
  switch (tensor.dtype) {
    case "string":
      return tensor.data.map((text) => Buffer.from(text).toString("base64"));
    case "bool":
      return Array.from(tensor.data, (bit) => bit !== 0);
    case "int64":
    case "uint64":
      return Array.from(tensor.data, String);
    default:
      return Array.from(tensor.data, (value) => (Number.isFinite(value) ? value : String(value)));
  }
}

/** `float_val` → `floatVal`. */
function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
