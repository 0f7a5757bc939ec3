import { invalidInput } from "../../../errors.ts";
import { parseJsonBytes } from "../../../io/json-bytes/parse-json-bytes.ts";
import type { ProtoField, ProtoMessage } from "../../proto/types.ts";
import { atKey } from "./at-key.ts";
import { NumberList } from "./number-list.ts";
import type { Value, Values } from "./read-message.ts";

/** The JSON object whose members are a message's fields. Throws INVALID_ARGUMENT with the place for JSON texts that are none and for whole numbers past 2^53. */
export function toJsonObject(values: Values, { fields }: ProtoMessage): unknown {
  const members: [string, unknown][] = [];
  for (const field of fields) {
    const value = toJsonValue(values.get(field.key), field);
    if (value !== undefined) members.push([field.key, value]);
  }
  return Object.fromEntries(members);
}

/** The JSON value of a field; undefined for one that did not come and stands for nothing. */
export function toJsonValue(value: Value | undefined, field: ProtoField): unknown {
  if (value === undefined) return ABSENT[field.absence]();
  return atKey(field.key, () => convert(value, field));
}

const ABSENT = { nothing: () => undefined, null: () => null, empty: () => [] } as const;

function convert(value: Value, { type, isRepeated, isJson }: ProtoField): unknown {
  if (isJson && typeof value === "string") return parseJsonBytes(Buffer.from(value), { exactIntegers: false });
  if (value instanceof NumberList) return toPlainList(value);
  if (typeof type === "string" || typeof value !== "object")
    return typeof value === "bigint" ? toSafeNumber(value) : value;
  if (!isRepeated || !Array.isArray(value)) return messageValue(value as Values, type);
  return (value as Values[]).map((item, index) => atKey([index], () => messageValue(item, type)));
}

function messageValue(values: Values, type: ProtoMessage): unknown {
  const [only] = type.fields;
  return type.isListOnly && only !== undefined ? convertList(values, only) : toJsonObject(values, type);
}

/** A list inside of a list has no place of its own in the message's field. */
function convertList(values: Values, field: ProtoField): unknown {
  const value = values.get(field.key);
  return value === undefined ? [] : convert(value, field);
}

function toPlainList(
  list: NumberList<Float64Array | Float32Array | Int32Array | BigInt64Array | Uint8Array>,
): unknown[] {
  const data = list.view();
  if (data instanceof BigInt64Array) return Array.from(data, (item, index) => atKey([index], () => toSafeNumber(item)));
  // Of the scalar types only bool is held in bytes.
  if (data instanceof Uint8Array) return Array.from(data, (item) => item !== 0);
  return Array.from(data);
}

/** JSON values are plain numbers: one that would be rounded is refused. */
function toSafeNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw invalidInput([{ path: "", message: `expected a whole number within ±(2^53 − 1), got ${value}` }]);
}
