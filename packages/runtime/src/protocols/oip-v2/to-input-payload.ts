import { isUtf8 } from "node:buffer";
import { describeValue } from "../../describe-value.ts";
import { invalidInput } from "../../errors.ts";
import type { IoSpec, Payload } from "../../io/types.ts";
import { childPath } from "../../problem-list.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { type ContentType, knownContentType } from "./content-type.ts";
import type { InferInput, InferRequest } from "./types.ts";

/**
 * The inputs of a request as a payload, decoded by their content types.
 *
 * Throws INVALID_ARGUMENT that names the input: one that comes twice, base64 that holds no text where a text is wanted, a `datetime` that is none.
 */
export function toInputPayload({ inputs, contentType }: InferRequest, model: ServedModel): Payload {
  const tensors = new Map<string, Tensor>();
  for (const input of inputs) {
    if (tensors.has(input.name))
      throw invalidInput([{ path: childPath("", input.name), message: "the input comes twice" }]);
    const decoded = decodeContent(input, knownContentType(input.contentType) ?? knownContentType(contentType), model);
    tensors.set(input.name, toScalar(decoded, input.name, model));
  }
  return { kind: "tensors", tensors: Object.fromEntries(tensors) };
}

/** One element in a list stands for a scalar, where the model wants one: V2 clients differ in how they write it. */
function toScalar(tensor: Tensor, name: string, { inputs }: ServedModel): Tensor {
  if (tensor.shape.length !== 1 || tensor.shape[0] !== 1) return tensor;
  const info = inputs.length === 1 ? inputs[0] : inputs.find((input) => input.name === name);
  return info?.shape.length === 0 ? { ...tensor, shape: [] } : tensor;
}

function decodeContent(
  { name, tensor }: InferInput,
  contentType: ContentType | undefined,
  { api }: ServedModel,
): Tensor {
  if (tensor.dtype !== "string") return tensor;
  const path = childPath("", name);
  if (contentType === "datetime") assertDateTimes(tensor.data, path);
  if (contentType !== "base64" || takesBase64(api.input, name)) return tensor;
  return { ...tensor, data: tensor.data.map((text, index) => fromBase64(text, index, path)) };
}

/** Whether a type reads base64 itself. */
function takesBase64(spec: IoSpec, name: string): boolean {
  if (spec.kind !== "multipart") return spec.kind === "image" || spec.kind === "file" || spec.kind === "bytes";
  const field = Object.hasOwn(spec.fields, name) ? spec.fields[name] : undefined;
  return field !== undefined && takesBase64(field.spec, name);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is no base64 is the text itself, as MLServer has it. */
function fromBase64(text: string, index: number, path: string): string {
  if (!BASE64.test(text)) return text;
  const bytes = Buffer.from(text, "base64");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw invalidInput([{ path: `${path}/${index}`, message: "the base64 holds no UTF-8 text" }]);
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

function assertDateTimes(texts: readonly string[], path: string): void {
  const index = texts.findIndex((text) => !isDateTime(text));
  if (index < 0) return;
  throw invalidInput([
    { path: `${path}/${index}`, message: `expected an ISO 8601 date or time, got ${describeValue(texts[index])}` },
  ]);
}

function isDateTime(text: string): boolean {
  return DATE_TIME.test(text) && !Number.isNaN(Date.parse(text.slice(0, 10)));
}
