import { ServingError } from "../../../errors.ts";
import { fromFormPart } from "../../../io/form-part.ts";
import type { DataFrameSpec, IoSpec, Part, Payload } from "../../../io/types.ts";
import { toBytes } from "../../../tensor/raw.ts";
import type { NamedTensors, Tensor } from "../../../tensor/tensor.ts";
import type { ProtoMessage } from "../../proto/types.ts";
import { ProtoWriter } from "../../wire/proto-writer.ts";
import { frameColumns } from "./frame-columns.ts";
import { writeFields } from "./write-fields.ts";

/** How a result becomes a message. */
export interface ResultPlan {
  readonly spec: IoSpec;
  readonly message: ProtoMessage;
  /** Whether the fields of the message are the members of the type, and not one field that holds all of it. */
  readonly hasMembers: boolean;
}

/** A result as the message of its type. Throws INTERNAL when it can't be one. */
export function fromPayload(payload: Payload, plan: ResultPlan): Buffer | Promise<Buffer> {
  // Only parts may lie on disk.
  return payload.kind === "parts"
    ? loadParts(payload).then((bytes) => encode(payload, plan, bytes))
    : encode(payload, plan, new Map());
}

/** The bytes of every part of a payload. */
type LoadedParts = ReadonlyMap<Part["content"], Uint8Array>;

async function loadParts(payload: Payload): Promise<LoadedParts> {
  const loaded = new Map<Part["content"], Uint8Array>();
  for (const { content, decoded } of payload.kind === "parts" ? payload.parts : []) {
    loaded.set(content, await content.bytes());
    for (const [inner, bytes] of decoded === undefined ? [] : await loadParts(decoded)) loaded.set(inner, bytes);
  }
  return loaded;
}

/** Bytes of a small message; the writer grows past that. */
const SMALL_BYTES = 512;

function encode(payload: Payload, { spec, message, hasMembers }: ResultPlan, parts: LoadedParts): Buffer {
  const values = hasMembers ? membersValue(payload, spec, parts) : { output: fieldValue(payload, spec, parts) };
  const writer = new ProtoWriter(SMALL_BYTES + bytesIn(payload));
  writeFields(writer, message, (key) => (Object.hasOwn(values, key) ? values[key] : undefined));
  return writer.finish();
}

/** What the fields of a message are written from, by key. */
type FieldValues = Readonly<Record<string, unknown>>;

function membersValue(payload: Payload, spec: IoSpec, parts: LoadedParts): FieldValues {
  switch (payload.kind) {
    case "json":
      return spec.kind === "dataFrame" ? frameColumns(payload.value, spec) : objectOf(payload.value);
    case "tensors":
      return spec.kind === "dataFrame" ? columnsOf(payload.tensors, spec) : mapValues(payload.tensors, tensorValue);
    case "parts": {
      const fields = spec.kind === "multipart" ? spec.fields : {};
      const members = payload.parts.flatMap((part) => {
        const field = fields[part.name ?? ""];
        return field === undefined
          ? []
          : [[part.name ?? "", fieldValue(fromFormPart(part), field.spec, parts)] as const];
      });
      return Object.fromEntries(members);
    }
  }
}

/** The value of one field. */
function fieldValue(payload: Payload, spec: IoSpec, parts: LoadedParts): unknown {
  if (spec.kind === "dataFrame" || spec.kind === "tensors" || spec.kind === "multipart")
    return membersValue(payload, spec, parts);
  if (payload.kind === "json") return payload.value;
  if (payload.kind === "tensors") return Object.values(payload.tensors).map(tensorValue)[0];
  const [part] = payload.parts;
  if (part === undefined) throw new ServingError("INTERNAL", "the output has no value to write");
  const data = parts.get(part.content);
  if (spec.kind !== "file") return data;
  return { data, media_type: part.mediaType, name: part.fileName };
}

/** Elements are the tensor's own memory: they are copied once, into the message. */
function tensorValue(tensor: Tensor): FieldValues {
  return { shape: tensor.shape, data: tensor.dtype === "string" ? tensor.data : toBytes(tensor) };
}

/** Columns that are tensors are the lists of their cells. */
function columnsOf(tensors: NamedTensors, { columns }: DataFrameSpec): FieldValues {
  return mapValues(tensors, ({ data }, name) => (columns[name]?.nullable === true ? { values: data } : data));
}

function mapValues<T>(values: Readonly<Record<string, T>>, change: (value: T, key: string) => unknown): FieldValues {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}

function objectOf(value: unknown): FieldValues {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as FieldValues;
  throw new ServingError("INTERNAL", "the output does not fit its message: it is no object");
}

/** Bytes that a payload is known to take, so that the message of a large one is not moved while it is written. */
function bytesIn(payload: Payload): number {
  switch (payload.kind) {
    case "json":
      return 0;
    case "tensors":
      return Object.values(payload.tensors).reduce(
        (sum, tensor) => sum + 64 + (tensor.dtype === "string" ? 0 : tensor.data.byteLength),
        0,
      );
    case "parts":
      return payload.parts.reduce(
        (sum, { content, decoded }) => sum + 64 + content.size + (decoded === undefined ? 0 : bytesIn(decoded)),
        0,
      );
  }
}
