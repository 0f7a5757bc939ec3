import type { Problem } from "../errors.ts";
import { ServingError } from "../errors.ts";
import { didYouMean } from "../did-you-mean.ts";
import { describeValue } from "../describe-value.ts";
import { childPath } from "../problem-list.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { parseJsonBytes } from "./json-bytes/parse-json-bytes.ts";
import { needsExactIntegers } from "./json-text.ts";
import { decodeUtf8 } from "./text.ts";
import type { IoSpec, IoType, Part, Payload } from "./types.ts";

/** One field of a form. */
export interface MultipartField {
  readonly type: IoType<unknown>;
  readonly required: boolean;
}

/** The payload of each field that came, and what is wrong with the names. */
export interface FieldPayloads {
  readonly payloads: ReadonlyMap<string, Payload | Promise<Payload>>;
  readonly problems: readonly Problem[];
}

type Fields = ReadonlyMap<string, MultipartField>;

/** Splits the payload of a form into those of its fields. Throws UNSUPPORTED_MEDIA_TYPE for a body that is no form. */
export function payloadsOf(fields: Fields, payload: Payload): FieldPayloads {
  switch (payload.kind) {
    case "parts":
      return collect(fields, payload.parts.map(nameOf), (spec, part) => payloadOfPart(spec, part));
    case "json":
      return fromJson(fields, payload.value);
    case "tensors":
      return fromTensors(fields, Object.entries(payload.tensors));
  }
}

function nameOf(part: Part): readonly [string, Part] {
  if (part.name !== undefined) return [part.name, part];
  throw new ServingError(
    "UNSUPPORTED_MEDIA_TYPE",
    `expected multipart/form-data or application/json, got ${part.mediaType}`,
  );
}

function collect<V>(
  fields: Fields,
  given: readonly (readonly [string, V])[],
  toPayload: (spec: IoSpec, value: V) => Payload | Promise<Payload>,
): FieldPayloads {
  const payloads = new Map<string, Payload | Promise<Payload>>();
  const problems: Problem[] = [];
  for (const [name, value] of given) {
    const field = fields.get(name);
    if (field === undefined)
      problems.push({
        path: childPath("", name),
        message: `unknown field${didYouMean(name, fields.keys()) || `, expected ${[...fields.keys()].join(", ")}`}`,
      });
    else if (payloads.has(name)) problems.push({ path: childPath("", name), message: "this field came twice" });
    else payloads.set(name, toPayload(field.type.spec, value));
  }
  return { payloads, problems };
}

function fromJson(fields: Fields, value: unknown): FieldPayloads {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = `expected an object with the fields ${[...fields.keys()].join(", ")}, got ${describeValue(value)}`;
    return { payloads: new Map(), problems: [{ path: "", message }] };
  }
  return collect(fields, Object.entries(value), (_, member) => ({ kind: "json", value: member }));
}

/** Tensors belong to the field of their name; those of a data frame or of several tensors may be told apart as `field.column`. */
function fromTensors(fields: Fields, tensors: readonly (readonly [string, Tensor])[]): FieldPayloads {
  const groups = new Map<string, Record<string, Tensor>>();
  for (const [name, tensor] of tensors) {
    const dot = [...fields.keys()].find((field) => name.startsWith(`${field}.`));
    const group = fields.has(name) || dot === undefined ? name : dot;
    groups.set(group, { ...groups.get(group), [group === name ? name : name.slice(group.length + 1)]: tensor });
  }
  return collect(fields, [...groups], (_, group) => ({ kind: "tensors", tensors: group }));
}

/** What a field's type reads from a part: the part itself where it takes bytes or CSV, else the JSON in it. */
function payloadOfPart(spec: IoSpec, part: Part): Payload | Promise<Payload> {
  if (part.decoded !== undefined) return part.decoded;
  const raw: Payload = { kind: "parts", parts: [{ ...part, name: undefined }] };
  switch (spec.kind) {
    case "image":
    case "file":
    case "text":
    case "bytes":
    case "multipart":
      return raw;
    case "dataFrame":
      return isCsv(part)
        ? { kind: "parts", parts: [{ ...part, name: undefined, mediaType: "text/csv" }] }
        : jsonOfPart(spec, part);
    case "json":
    case "tensor":
    case "tensors":
    case "list":
      return jsonOfPart(spec, part);
  }
}

/** curl knows no media type for .csv files. */
function isCsv({ mediaType, fileName }: Part): boolean {
  return (
    mediaType === "text/csv" || (mediaType !== "application/json" && fileName?.toLowerCase().endsWith(".csv") === true)
  );
}

async function jsonOfPart(spec: IoSpec, { mediaType, content }: Part): Promise<Payload> {
  const bytes = await content.bytes();
  // Forms send texts bare: name=Anna, not name="Anna".
  const isBareText = spec.kind === "json" && spec.schema["type"] === "string" && mediaType !== "application/json";
  return {
    kind: "json",
    value: isBareText ? decodeUtf8(bytes, "") : parseJsonBytes(bytes, { exactIntegers: needsExactIntegers(spec) }),
  };
}
