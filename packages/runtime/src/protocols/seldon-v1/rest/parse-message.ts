import { describeValue } from "../../../describe-value.ts";
import { contentFromBytes } from "../../../io/content.ts";
import type { Content } from "../../../io/types.ts";
import { bytesFromProtoJson } from "../../wire/json-bytes.ts";
import type { RepeatBudget } from "../../tensorflow/fill-shape.ts";
import { tensorProtoFromJson } from "../../tensorflow/tensor-proto-json.ts";
import { assertArray, assertFills } from "../input/assert-fills.ts";
import type { ArrayData, SeldonData, SeldonFeedback, SeldonMessage } from "../types.ts";
import {
  fault,
  fieldsAt,
  type JsonFields,
  listAt,
  numberAt,
  objectAt,
  type Strictness,
  textAt,
} from "./json-fields.ts";
import { parseMeta } from "./parse-meta.ts";

/** What parsing of one request's JSON needs. */
export interface ParseOptions {
  readonly strictness: Strictness;
  readonly budget: RepeatBudget;
}

/**
 * Reads a SeldonMessage from JSON; of several kinds of data the first of data, jsonData, strData and binData counts.
 *
 * Throws INVALID_ARGUMENT with the place of what is wrong. Source: Seldon v1, JSON mapping of `seldon.protos`.
 */
export function parseMessage(value: unknown, path: string, options: ParseOptions): SeldonMessage {
  const message = fieldsAt(value, path, { known: MESSAGE_FIELDS, strictness: options.strictness });
  const meta = parseMeta(message.get("meta"), `${path}/meta`, options.strictness);
  return { meta, data: parseData(value, message, options) };
}

/** Reads the messages of a list: an object with `seldonMessages`, or a bare array. */
export function parseMessages(value: unknown, options: ParseOptions): readonly SeldonMessage[] {
  if (Array.isArray(value)) return value.map((item, index) => parseMessage(item, `/${index}`, options));
  const list = fieldsAt(value, "", { known: ["seldonMessages"], strictness: options.strictness }).get("seldonMessages");
  if (list === undefined) throw fault("", 'expected {"seldonMessages": […]} or a list of messages');
  return listAt(list, "/seldonMessages").map((item, index) => parseMessage(item, `/seldonMessages/${index}`, options));
}

/** Reads a Feedback, of which everything may be left out; unknown members are refused at any depth. */
export function parseFeedback(value: unknown, budget: RepeatBudget): SeldonFeedback {
  const options: ParseOptions = { strictness: "strict", budget };
  const fields = fieldsAt(value, "", { known: ["request", "response", "reward", "truth"], ...options });
  const messageAt = (name: string): SeldonMessage | undefined => {
    const message = fields.get(name);
    return message === undefined ? undefined : parseMessage(message, `/${name}`, options);
  };
  return {
    request: messageAt("request"),
    response: messageAt("response"),
    truth: messageAt("truth"),
    reward: numberAt(fields.get("reward"), "/reward"),
  };
}

const MESSAGE_FIELDS = ["status", "meta", "data", "jsonData", "strData", "binData", "customData"];
const DATA_FIELDS = ["names", "tensor", "ndarray", "tftensor"];
const TENSOR_FIELDS = ["shape", "values"];

function parseData(value: unknown, message: JsonFields, options: ParseOptions): SeldonData | undefined {
  const { path } = message;
  const data = message.get("data");
  if (data !== undefined) return parseArray(data, `${path}/data`, options);
  // The one member whose null is a value.
  const object = objectAt(value, path);
  if (Object.hasOwn(object, "jsonData")) return { kind: "jsonData", value: object["jsonData"] };
  const text = message.get("strData");
  if (text !== undefined) return { kind: "strData", text: textAt(text, `${path}/strData`) };
  const bytes = message.get("binData");
  if (bytes !== undefined) return { kind: "binData", content: contentAt(bytes, `${path}/binData`) };
  if (message.get("customData") !== undefined)
    throw fault(
      `${path}/customData`,
      "messages of foreign types can't be read: send data, jsonData, strData or binData",
    );
  return undefined;
}

function parseArray(value: unknown, path: string, { strictness, budget }: ParseOptions): ArrayData {
  const data = fieldsAt(value, path, { known: DATA_FIELDS, strictness });
  const names = listAt(data.get("names"), `${path}/names`).map((name, index) => {
    if (typeof name === "string") return name;
    throw fault(`${path}/names/${index}`, `expected a text, got ${describeValue(name)}`);
  });
  const tensor = data.get("tensor");
  if (tensor !== undefined) return { names, ...parseTensor(tensor, `${path}/tensor`, strictness) };
  const ndarray = data.get("ndarray");
  if (ndarray !== undefined) return { kind: "ndarray", names, values: listAt(ndarray, `${path}/ndarray`) };
  const tftensor = data.get("tftensor");
  if (tftensor === undefined) return { kind: "ndarray", names, values: [] };
  const read = tensorProtoFromJson(tftensor, `${path}/tftensor`, budget);
  assertArray(read.shape, `${path}/tftensor/tensorShape`);
  return { kind: "tftensor", names, tensor: read };
}

function parseTensor(
  value: unknown,
  path: string,
  strictness: Strictness,
): Omit<Extract<ArrayData, { kind: "tensor" }>, "names"> {
  const tensor = fieldsAt(value, path, { known: TENSOR_FIELDS, strictness });
  const values = listAt(tensor.get("values"), `${path}/values`);
  const sizes = listAt(tensor.get("shape"), `${path}/shape`).map((size, axis) => {
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
    throw fault(`${path}/shape/${axis}`, `expected a whole number ≥ 0, got ${describeValue(size)}`);
  });
  // Without a shape the values are a list.
  const shape = sizes.length === 0 ? [values.length] : sizes;
  assertFills(shape, values.length, path);
  return { kind: "tensor", shape, values };
}

/** Bytes: base64 in JSON, or the file of a form. */
function contentAt(value: unknown, path: string): Content {
  return isContent(value) ? value : contentFromBytes(bytesFromProtoJson(value, path));
}

/** No value of JSON has a function. */
function isContent(value: unknown): value is Content {
  return typeof value === "object" && value !== null && "bytes" in value && typeof value.bytes === "function";
}
