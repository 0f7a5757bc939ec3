import { invalidInput, type ServingError } from "../errors.ts";
import { childPath } from "../problem-list.ts";
import { describeValue } from "../describe-value.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import { decodeBase64Text } from "./base64.ts";
import { contentFromBytes } from "./content.ts";
import type { Content, Part, Payload, PayloadKind } from "./types.ts";

/** Bytes that a payload carries, with what it says of them; `path` is where they stood. */
export interface Binary {
  readonly content: Content;
  readonly mediaType: string | undefined;
  readonly fileName: string | undefined;
  readonly path: string;
}

/** Name of the one tensor in which a value is answered over tensor protocols. */
export const OUTPUT_TENSOR = "output";

/**
 * Takes the one binary value out of a payload: the only part of a body; base64 or a data URL as the JSON value itself or as its only member `field`;
 * one BYTES tensor with one base64 text, or one uint8 tensor [n] with the bytes.
 *
 * Throws INVALID_ARGUMENT with the place for anything else.
 */
export function readBinary(payload: Payload, field: string): Binary {
  switch (payload.kind) {
    case "parts": {
      const { part, path } = onlyPart(payload.parts, field);
      return { content: part.content, mediaType: part.mediaType, fileName: part.fileName, path };
    }
    case "json":
      return fromJson(payload.value, field);
    case "tensors":
      return fromTensors(payload.tensors, field);
  }
}

/** Puts a binary value into a payload: one part, a base64 text, or one BYTES tensor [1] with that text. */
export async function writeBinary(part: Omit<Part, "name">, as: PayloadKind): Promise<Payload> {
  if (as === "parts") return { kind: "parts", parts: [{ name: undefined, ...part }] };
  const bytes = await part.content.bytes();
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return writeText(text, as);
}

/** Puts a text into a payload as the JSON value or as one BYTES tensor [1]. */
export function writeText(text: string, as: "json" | "tensors"): Payload {
  if (as === "json") return { kind: "json", value: text };
  return { kind: "tensors", tensors: { [OUTPUT_TENSOR]: { dtype: "string", shape: [1], data: [text] } } };
}

/** The only part of a body, whatever its name. Throws INVALID_ARGUMENT when there is none or another. */
export function onlyPart(parts: readonly Part[], field: string): { readonly part: Part; readonly path: string } {
  const [part, second] = parts;
  if (part === undefined)
    throw invalidInput([{ path: "", message: `expected one part with the ${field}, got an empty form` }]);
  if (second !== undefined) {
    throw invalidInput([
      { path: childPath("", second.name ?? ""), message: `expected one part with the ${field}, got ${parts.length}` },
    ]);
  }
  return { part, path: part.name === undefined ? "" : childPath("", part.name) };
}

/** The only element of the only tensor, which must be a BYTES tensor. Throws INVALID_ARGUMENT for anything else. */
export function onlyText(tensors: NamedTensors, field: string): { readonly text: string; readonly path: string } {
  const [entry, second] = Object.entries(tensors);
  if (entry === undefined || second !== undefined) throw notOneTensor(tensors, field);
  const [name, tensor] = entry;
  const text = tensor.dtype === "string" && tensor.data.length === 1 ? tensor.data[0] : undefined;
  if (text === undefined) {
    throw invalidInput([
      {
        path: childPath("", name),
        message: `expected BYTES with one ${field}, got ${tensor.dtype} [${tensor.shape.join(",")}]`,
      },
    ]);
  }
  return { text, path: childPath("", name) };
}

function fromJson(value: unknown, field: string): Binary {
  const member = memberOf(value, field);
  const [text, path] = member === undefined ? [value, ""] : [member, childPath("", field)];
  if (typeof text !== "string") {
    throw invalidInput([
      { path, message: `expected the ${field} as base64 text or {"${field}": "<base64>"}, got ${describeValue(text)}` },
    ]);
  }
  return fromText(text, path);
}

function memberOf(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const stranger = entries.find(([key]) => key !== field);
  if (stranger !== undefined)
    throw invalidInput([{ path: childPath("", stranger[0]), message: `unknown member, expected only "${field}"` }]);
  return entries[0]?.[1];
}

function fromText(text: string, path: string): Binary {
  const { bytes, mediaType } = decodeBase64Text(text, path);
  return { content: contentFromBytes(bytes), mediaType, fileName: undefined, path };
}

function fromTensors(tensors: NamedTensors, field: string): Binary {
  const [entry, second] = Object.entries(tensors);
  if (entry?.[1].dtype === "uint8" && second === undefined && entry[1].shape.length === 1) {
    return {
      content: contentFromBytes(entry[1].data),
      mediaType: undefined,
      fileName: undefined,
      path: childPath("", entry[0]),
    };
  }
  const { text, path } = onlyText(tensors, field);
  return fromText(text, path);
}

function notOneTensor(tensors: NamedTensors, field: string): ServingError {
  const names = Object.keys(tensors);
  return invalidInput([
    { path: "", message: `expected one tensor with the ${field}, got ${names.length === 0 ? "none" : names.length}` },
  ]);
}
