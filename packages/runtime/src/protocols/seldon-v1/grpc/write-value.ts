import type { ProtoWriter } from "../../wire/proto-writer.ts";
import { ENTRY, LIST_ITEM, STRUCT_MEMBER, VALUE } from "./struct-value.ts";

/** Writes a JSON value as a `google.protobuf.Value`: what JSON texts would show of it, numbers as doubles. */
export function writeValue(writer: ProtoWriter, field: number, given: unknown): void {
  const value = shownOf(given);
  writer.message(field, () => {
    switch (typeof value) {
      case "number":
      case "bigint":
        return writer.double(VALUE.number, Number(value));
      case "string":
        return writer.text(VALUE.text, value);
      case "boolean":
        return writer.varint(VALUE.bool, value ? 1 : 0);
      default:
        if (Array.isArray(value)) return writeList(writer, VALUE.list, value);
        if (typeof value !== "object" || value === null) return writer.varint(VALUE.null, 0);
        return writer.message(VALUE.struct, () =>
          writeMap(writer, STRUCT_MEMBER, value as Readonly<Record<string, unknown>>, (member) =>
            writeValue(writer, ENTRY.value, member),
          ),
        );
    }
  });
}

/** Writes a `google.protobuf.ListValue`. */
export function writeList(writer: ProtoWriter, field: number, items: readonly unknown[]): void {
  writer.message(field, () => {
    for (let index = items.length - 1; index >= 0; index -= 1) writeValue(writer, LIST_ITEM, items[index]);
  });
}

/** Writes the entries of a map; members that are undefined are left out, as in JSON. */
export function writeMap<T>(
  writer: ProtoWriter,
  field: number,
  members: Readonly<Record<string, T>>,
  writeMember: (member: T) => void,
): void {
  for (const [key, member] of Object.entries(members).toReversed()) {
    if (member === undefined) continue;
    writer.message(field, () => {
      writeMember(member);
      writer.text(ENTRY.key, key);
    });
  }
}

/** Dates and the like say themselves what they are in JSON. */
function shownOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("toJSON" in value) || typeof value.toJSON !== "function")
    return value;
  return value.toJSON();
}
