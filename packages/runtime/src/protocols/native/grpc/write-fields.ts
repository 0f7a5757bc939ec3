import { ServingError } from "../../../errors.ts";
import { describeValue } from "../../../describe-value.ts";
import { stringifyJson } from "../../../io/json-text.ts";
import type { ProtoField, ProtoMessage, Scalar } from "../../proto/types.ts";
import type { ProtoWriter } from "../../wire/proto-writer.ts";

/**
 * Writes a message from the values of its fields, by key; `undefined` and `null` leave a field out.
 *
 * Numbers may be the texts that stand for non-finite ones, lists of numbers typed arrays. Throws INTERNAL for values that don't fit: they are the service's.
 */
export function writeFields(writer: ProtoWriter, { fields }: ProtoMessage, valueOf: (key: string) => unknown): void {
  // From the last to the first, as the writer wants it.
  for (let index = fields.length - 1; index >= 0; index -= 1) {
    const field = fields[index];
    if (field !== undefined) writeField(writer, field, valueOf(field.key));
  }
}

function writeField(writer: ProtoWriter, field: ProtoField, value: unknown): void {
  const { type, isRepeated, isJson, absence } = field;
  if (value === undefined) return;
  if (isJson) return writer.text(field.number, stringifyJson(value));
  // What the policy for non-finite numbers has made null; a value whose type allows null is left out.
  if (value === null) return type === "double" && absence !== "null" ? writer.double(field.number, NaN) : undefined;
  if (typeof type !== "string") writeMessages(writer, field, type, isRepeated ? listOf(field, value) : [value]);
  else if (isRepeated) LISTS[type](writer, field, value);
  else SCALARS[type](writer, field, value);
}

function writeMessages(
  writer: ProtoWriter,
  { number }: ProtoField,
  type: ProtoMessage,
  items: readonly unknown[],
): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    const valueOf = type.isListOnly ? (): unknown => item : (key: string): unknown => memberOf(item, key);
    writer.message(number, () => writeFields(writer, type, valueOf));
  }
}

function memberOf(item: unknown, key: string): unknown {
  return typeof item === "object" && item !== null && Object.hasOwn(item, key) ? Reflect.get(item, key) : undefined;
}

type Write = (writer: ProtoWriter, field: ProtoField, value: unknown) => void;

const SCALARS = {
  double: (writer, field, value) => writer.double(field.number, toNumber(field, value)),
  float: unused,
  int32: unused,
  int64: (writer, field, value) => writer.signed(field.number, toWhole(field, value)),
  bool: (writer, { number }, value) => writer.varint(number, value === true ? 1 : 0),
  string: (writer, field, value) => writer.text(field.number, toText(field, value)),
  bytes: (writer, field, value) => {
    if (!(value instanceof Uint8Array)) throw unfit(field, value);
    writer.delimited(field.number, value);
  },
} as const satisfies Record<Scalar, Write>;

const LISTS = {
  double: (writer, field, value) => {
    const isTyped = value instanceof Float64Array;
    writeMemory(
      writer,
      field,
      isTyped ? value : Float64Array.from(listOf(field, value), (item) => toNumber(field, item)),
    );
  },
  float: (writer, field, value) => {
    if (!(value instanceof Float32Array)) throw unfit(field, value);
    writeMemory(writer, field, value);
  },
  int32: (writer, field, value) => {
    if (!(value instanceof Int32Array)) throw unfit(field, value);
    writer.packedVarints(field.number, value);
  },
  int64: (writer, field, value) => {
    const isTyped = value instanceof BigInt64Array;
    writer.packedInt64(
      field.number,
      isTyped ? value : BigInt64Array.from(listOf(field, value), (item) => BigInt(toWhole(field, item))),
    );
  },
  bool: (writer, field, value) => {
    // A packed bool is a byte, 0 or 1.
    const isTyped = value instanceof Uint8Array;
    writeMemory(
      writer,
      field,
      isTyped ? value : Uint8Array.from(listOf(field, value), (item) => (item === true ? 1 : 0)),
    );
  },
  string: (writer, field, value) => {
    const texts = listOf(field, value);
    for (let index = texts.length - 1; index >= 0; index -= 1) writer.text(field.number, toText(field, texts[index]));
  },
  bytes: unused,
} as const satisfies Record<Scalar, Write>;

/** No IO type has a field of this form. */
function unused(_writer: ProtoWriter, { key }: ProtoField): never {
  throw new ServingError("INTERNAL", `field "${key}": nothing writes its type in this form`);
}

/** A packed list of numbers of 1, 4 or 8 bytes is their memory, on little-endian hosts; an empty one is left out. */
function writeMemory(
  writer: ProtoWriter,
  { number }: ProtoField,
  data: Float64Array | Float32Array | Uint8Array,
): void {
  if (data.length > 0) writer.delimited(number, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function listOf(field: ProtoField, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unfit(field, value);
}

/** NaN and infinities are numbers here; JSON has texts for them, or null for NaN. */
function toNumber(field: ProtoField, value: unknown): number {
  if (typeof value === "number") return value;
  if (value === null) return NaN;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  throw unfit(field, value);
}

function toWhole(field: ProtoField, value: unknown): number | bigint {
  if (Number.isSafeInteger(value)) return value as number;
  const whole = typeof value === "bigint" || Number.isInteger(value) ? BigInt(value as number | bigint) : undefined;
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return whole;
  throw unfit(field, value);
}

function toText(field: ProtoField, value: unknown): string {
  // protobuf has no text with half of a surrogate pair.
  if (typeof value === "string") return value.toWellFormed();
  throw unfit(field, value);
}

function unfit({ key, type, isRepeated }: ProtoField, value: unknown): ServingError {
  const wanted = `${isRepeated ? "repeated " : ""}${typeof type === "string" ? type : type.name}`;
  return new ServingError(
    "INTERNAL",
    `the output does not fit its message: field "${key}" is ${wanted}, got ${describeValue(value)}`,
  );
}
