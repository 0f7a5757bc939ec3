import { invalidInput } from "../../../errors.ts";
import { contentFromBytes } from "../../../io/content.ts";
import { parseJsonBytes } from "../../../io/json-bytes/parse-json-bytes.ts";
import { needsExactIntegers } from "../../../io/json-text.ts";
import { toFormPart } from "../../../io/form-part.ts";
import type { IoSpec, NanPolicy, Part, Payload, TensorsSpec } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import type { ProtoField, ProtoMessage } from "../../proto/types.ts";
import { atKey } from "./at-key.ts";
import { toFramePayload } from "./frame-values.ts";
import { toJsonObject, toJsonValue } from "./json-values.ts";
import type { Value, Values } from "./read-message.ts";
import { toTensor } from "./tensor-values.ts";

/** How a message becomes what an IO type reads. */
export interface PayloadPlan {
  readonly spec: IoSpec;
  readonly message: ProtoMessage;
  /** Whether the fields of the message are the members of the type, and not one field that holds all of it. */
  readonly hasMembers: boolean;
  readonly nan: NanPolicy;
}

/** The payload of a request. Throws INVALID_ARGUMENT with the place for what no payload can be made of. */
export function toPayload(values: Values, { spec, message, hasMembers, nan }: PayloadPlan): Payload {
  if (hasMembers) return membersPayload(values, { spec, message, nan });
  const [field] = message.fields;
  const value = field === undefined ? undefined : values.get(field.key);
  const payload = field === undefined ? undefined : fieldPayload(value, { spec, field, nan });
  if (payload !== undefined) return payload;
  throw invalidInput([{ path: childPath("", field?.key ?? ""), message: "is required" }]);
}

function membersPayload(values: Values, { spec, message, nan }: Omit<PayloadPlan, "hasMembers">): Payload {
  switch (spec.kind) {
    case "dataFrame":
      return toFramePayload(values, spec, nan);
    case "tensors":
      return { kind: "tensors", tensors: toTensors(values, spec) };
    case "multipart": {
      const fields = new Map(message.fields.map((field) => [field.key, field]));
      const parts = Object.entries(spec.fields).flatMap(([name, { spec: inner }]) => {
        const field = fields.get(name);
        const payload = field === undefined ? undefined : fieldPayload(values.get(name), { spec: inner, field, nan });
        return payload === undefined ? [] : [toFormPart(name, payload)];
      });
      return { kind: "parts", parts };
    }
    default:
      return { kind: "json", value: toJsonObject(values, message) };
  }
}

interface FieldPlan {
  readonly spec: IoSpec;
  readonly field: ProtoField;
  readonly nan: NanPolicy;
}

/** The payload of one field; undefined when it did not come and stands for nothing. */
function fieldPayload(value: Value | undefined, { spec, field, nan }: FieldPlan): Payload | undefined {
  if (spec.kind === "json") {
    const json = toJsonValue(value, field);
    return json === undefined ? undefined : { kind: "json", value: json };
  }
  if (value === undefined) return undefined;
  if (spec.kind === "list" && typeof value === "string") {
    const exactIntegers = needsExactIntegers(spec);
    return {
      kind: "json",
      value: atKey(field.key, () => parseJsonBytes(Buffer.from(value), { exactIntegers })),
    };
  }
  if (spec.kind === "text") return { kind: "json", value };
  if (value instanceof Uint8Array) return { kind: "parts", parts: [bytesPart(value, mediaTypeOf(spec))] };
  const { type } = field;
  if (!(value instanceof Map) || typeof type === "string") return undefined;
  return atKey(field.key, () => {
    if (spec.kind === "tensor") return { kind: "tensors", tensors: { input: toTensor(value, spec) } };
    if (spec.kind === "file") return { kind: "parts", parts: [filePart(value)] };
    return membersPayload(value, { spec, message: type, nan });
  });
}

function toTensors(values: Values, { tensors }: TensorsSpec): Extract<Payload, { kind: "tensors" }>["tensors"] {
  const came = Object.entries(tensors).flatMap(([name, declared]) => {
    const value = values.get(name);
    return value instanceof Map ? [[name, atKey(name, () => toTensor(value, declared))] as const] : [];
  });
  return Object.fromEntries(came);
}

const UNKNOWN_MEDIA_TYPE = "application/octet-stream";

function mediaTypeOf(spec: IoSpec): string {
  return spec.kind === "bytes" ? spec.mediaType : UNKNOWN_MEDIA_TYPE;
}

function bytesPart(bytes: Uint8Array, mediaType: string): Part {
  return { name: undefined, fileName: undefined, mediaType, content: contentFromBytes(bytes) };
}

function filePart(values: Values): Part {
  const data = values.get("data");
  const mediaType = textOf(values.get("media_type"))?.split(";")[0]?.trim().toLowerCase();
  const part = bytesPart(data instanceof Uint8Array ? data : new Uint8Array(), mediaType ?? UNKNOWN_MEDIA_TYPE);
  return { ...part, fileName: textOf(values.get("name"))?.split(/[/\\]/).at(-1) };
}

/** Fields of a file that are empty and ones that did not come are the same on the wire. */
function textOf(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
