import { invalidInput } from "../../../errors.ts";
import { MAX_JSON_DEPTH } from "../../../io/json-bytes/json-hazard.ts";
import { childPath } from "../../../problem-list.ts";
import { delimitedTag, fixed64Tag, ProtoReader, varintTag } from "../../wire/proto-reader.ts";
import { COST, readDouble, readText, spend, type ValueBudget } from "./read-field.ts";

/** Fields of `google.protobuf.Value`; one of them is set. */
export const VALUE = { null: 1, number: 2, text: 3, bool: 4, struct: 5, list: 6 } as const;
/** Field of `google.protobuf.ListValue`, of `Struct`, and of the entries of any map. */
export const LIST_ITEM = 1;
export const STRUCT_MEMBER = 1;
export const ENTRY = { key: 1, value: 2 } as const;

/** Where a value stands, as JSON Pointer, and how deep; what it may take. */
interface At {
  readonly path: string;
  readonly depth: number;
  readonly budget: ValueBudget;
}

/** A value while it is read: pieces of an object or a list are joined. */
interface Slot {
  value: null | number | string | boolean | unknown[] | Map<string, Slot>;
}

/**
 * The JSON value that a `google.protobuf.Value` stands for, null for one that says nothing.
 *
 * Throws INVALID_ARGUMENT with the place of what JSON has not (numbers that are not finite, texts that are not UTF-8), of keys that JSON bodies may not have either, and
 * for nesting deeper than theirs.
 */
export function decodeValue(bytes: Buffer, path: string, budget: ValueBudget): unknown {
  const slot: Slot = { value: null };
  readValue(new ProtoReader(bytes), slot, { path, depth: 1, budget });
  return finish(slot);
}

/** The items of a `google.protobuf.ListValue`; throws as `decodeValue` does. */
export function decodeList(bytes: Buffer, path: string, budget: ValueBudget): readonly unknown[] {
  const items: unknown[] = [];
  readList(new ProtoReader(bytes), items, { path, depth: 1, budget });
  return items;
}

function readValue(reader: ProtoReader, slot: Slot, at: At): void {
  spend(at.budget, COST.value);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case varintTag(VALUE.null):
        reader.varint();
        slot.value = null;
        break;
      case fixed64Tag(VALUE.number):
        slot.value = finite(readDouble(reader), at.path);
        break;
      case delimitedTag(VALUE.text):
        slot.value = readText(reader, at.path);
        break;
      case varintTag(VALUE.bool):
        slot.value = reader.varint() !== 0;
        break;
      case delimitedTag(VALUE.struct): {
        if (!(slot.value instanceof Map)) slot.value = new Map<string, Slot>();
        readStruct(reader.message(), slot.value, at);
        break;
      }
      case delimitedTag(VALUE.list): {
        if (!Array.isArray(slot.value)) slot.value = [];
        readList(reader.message(), slot.value, at);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

function readList(reader: ProtoReader, items: unknown[], { path, depth, budget }: At): void {
  assertShallow(depth, path);
  spend(budget, COST.container);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag !== delimitedTag(LIST_ITEM)) {
      reader.skip(tag);
      continue;
    }
    const item: Slot = { value: null };
    readItem(reader.message(), item, { path, depth: depth + 1, budget }, items.length);
    items.push(finish(item));
  }
}

/** Nearly every item of a list is a number: its place is made only for what may have to name it. */
function readItem(reader: ProtoReader, item: Slot, at: At, index: number): void {
  if (reader.end - reader.at === 9 && reader.bytes[reader.at] === fixed64Tag(VALUE.number)) {
    reader.at += 9;
    const number = reader.bytes.readDoubleLE(reader.at - 8);
    if (Number.isFinite(number)) {
      spend(at.budget, COST.value);
      item.value = number;
      return;
    }
    reader.at -= 9;
  }
  readValue(reader, item, { ...at, path: childPath(at.path, index) });
}

function readStruct(reader: ProtoReader, members: Map<string, Slot>, { path, depth, budget }: At): void {
  assertShallow(depth, path);
  spend(budget, COST.container);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag !== delimitedTag(STRUCT_MEMBER)) {
      reader.skip(tag);
      continue;
    }
    spend(budget, COST.container);
    const { key, slot } = readMember(reader.message(), { path, depth: depth + 1, budget });
    members.set(key, slot);
  }
}

function readMember(reader: ProtoReader, at: At): { readonly key: string; readonly slot: Slot } {
  // The key may stand behind the value, whose place it is.
  const key = readKey(new ProtoReader(reader.bytes, reader.at, reader.end), at.path);
  const path = childPath(at.path, key);
  if (key === "__proto__" || key === "constructor")
    throw invalidInput([{ path, message: "a key of this name is not allowed" }]);
  const slot: Slot = { value: null };
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(ENTRY.value)) readValue(reader.message(), slot, { ...at, path });
    else reader.skip(tag);
  }
  return { key, slot };
}

/** The key of an entry of a map: the last of several, "" where it has none. */
export function readKey(reader: ProtoReader, path: string): string {
  let key = "";
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(ENTRY.key)) key = readText(reader, path);
    else reader.skip(tag);
  }
  return key;
}

function finish({ value }: Slot): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries(Array.from(value, ([key, slot]) => [key, finish(slot)]));
}

function finite(value: number, path: string): number {
  if (Number.isFinite(value)) return value;
  throw invalidInput([{ path, message: `expected a finite number, got ${value}` }]);
}

function assertShallow(depth: number, path: string): void {
  if (depth <= MAX_JSON_DEPTH) return;
  const shown = path.split("/").slice(0, 5).join("/");
  throw invalidInput([{ path: shown, message: `arrays and objects are nested more than ${MAX_JSON_DEPTH} deep` }]);
}
