import { ServingError } from "../../errors.ts";
import { isFieldName } from "./names.ts";
import { recordedType } from "./number-fields.ts";
import type { FieldRecord, MessageRecord, MethodRecord, ProtoMessage, ProtoRecord, ServiceProto } from "./types.ts";

/** Name of the file beside bento.yaml that keeps the numbers. */
export const PROTO_RECORD_FILE = "bento.proto.json";

/** The record of a service's `.proto`; methods that only the record before has are kept as removed. */
export function toProtoRecord(proto: ServiceProto, before: ProtoRecord | undefined): ProtoRecord {
  const removed = Object.entries(before?.methods ?? {}).map(
    ([name, method]) => [name, { ...method, isRemoved: true }] as const,
  );
  const present = proto.methods.map(({ name, api, request, response }): [string, MethodRecord] => [
    name,
    { stream: api.stream, request: toMessageRecord(request), response: toMessageRecord(response) },
  ]);
  const methods = Object.fromEntries<MethodRecord>([...removed, ...present]);
  return { formatVersion: 1, package: proto.package, service: proto.service, methods: sortKeys(methods) };
}

function toMessageRecord({ fields, reserved }: ProtoMessage): MessageRecord {
  const records = fields.map((field): [string, FieldRecord] => {
    const { key, name, number, type } = field;
    return [
      key,
      {
        number,
        type: recordedType(field),
        ...(name === key ? {} : { name }),
        ...(typeof type === "string" || type.place === "file" ? {} : { message: toMessageRecord(type) }),
      },
    ];
  });
  const hasReserved = reserved.numbers.length > 0 || reserved.names.length > 0;
  return { fields: Object.fromEntries(records), ...(hasReserved ? { reserved } : {}) };
}

function sortKeys<T>(values: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads the text of `bento.proto.json`. Throws FAILED_PRECONDITION that names the place: what is no record, a number that two fields have or that is reserved. */
export function parseProtoRecord(text: string): ProtoRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused("it is no JSON", cause);
  }
  if (!isObject(value) || value["formatVersion"] !== 1)
    throw refused(`expected "formatVersion": 1, this version knows no other`);
  if (typeof value["package"] !== "string" || typeof value["service"] !== "string" || !isObject(value["methods"]))
    throw refused('"package", "service" or "methods" is missing or of another type');
  for (const [name, method] of Object.entries(value["methods"])) {
    if (!isObject(method) || typeof method["stream"] !== "boolean") throw refused(`"${name}" is no method`);
    assertMessage(method["request"], `${name}.request`);
    assertMessage(method["response"], `${name}.response`);
  }
  return value as unknown as ProtoRecord;
}

function assertMessage(message: unknown, place: string): void {
  if (!isObject(message) || !isObject(message["fields"])) throw refused(`${place} has no "fields"`);
  const { reserved = { numbers: [], names: [] } } = message;
  if (!isObject(reserved) || !isListOf(reserved["numbers"], isFieldNumber) || !isListOf(reserved["names"], isName))
    throw refused(`${place}.reserved: expected "numbers" and "names"`);
  const taken = new Map<unknown, string>(reserved["numbers"].map((number) => [number, "a field that is gone"]));
  for (const [key, field] of Object.entries(message["fields"])) {
    const at = `${place}.${key}`;
    if (!isObject(field) || !isFieldNumber(field["number"]) || !isText(field["type"]))
      throw refused(`${at}: expected "number" (1 to ${MAX_NUMBER}, not 19000 to 19999) and "type"`);
    const { name, message: inner, number } = field;
    if (!isName(name ?? key)) throw refused(`${at}: expected a "name" of letters, digits and "_"`);
    const other = taken.get(number);
    if (other !== undefined) throw refused(`${at}: number ${number} belongs to ${other}: no number may be used again`);
    taken.set(number, `"${key}"`);
    if (inner !== undefined) assertMessage(inner, at);
  }
}

/** Source: Protocol Buffers, "Assigning Field Numbers". */
const MAX_NUMBER = 2 ** 29 - 1;

function isFieldNumber(value: unknown): value is number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return false;
  return value >= 1 && value <= MAX_NUMBER && !(value >= 19_000 && value <= 19_999);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Anything else would end the statement of the `.proto` in which it stands. */
function isName(value: unknown): value is string {
  return isText(value) && isFieldName(value);
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(reason: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `${PROTO_RECORD_FILE} can't be used: ${reason}`, { cause });
}
