import { fieldNames, isFieldName, Names, toPascalCase } from "./names.ts";
import { SHARED_NAMES } from "./shared-messages.ts";
import type { FieldRecord, FieldShape, MessageRecord, MessageShape, ProtoField, ProtoMessage } from "./types.ts";

/** The record of a message that was never written down. */
export const NO_RECORD: MessageRecord = { fields: {} };

/** How one message is numbered. */
export interface Numbering {
  readonly name: string;
  readonly record: MessageRecord;
  /** The name at the top of the file of a message that would like this one. */
  toTopName(name: string): string;
}

/**
 * Gives each field of a message its number: the recorded one, or the next that was never used.
 *
 * A field whose type changed takes a new number, so that callers made before don't read one type as another; the numbers of fields that are gone, and their names, are reserved.
 */
export function numberFields(shape: MessageShape, { name, record, toTopName }: Numbering): ProtoMessage {
  const { reserved = { numbers: [], names: [] } } = record;
  const kept = new Map(shape.fields.map((field) => [field.key, keptRecord(field, record)]));
  const gone = Object.entries(record.fields).filter(([key]) => kept.get(key) === undefined);
  const numbers = [...reserved.numbers, ...gone.map(([, { number }]) => number)];
  let next = Math.max(0, ...numbers, ...Object.values(record.fields).map(({ number }) => number)) + 1;
  const names = nameFields(shape.fields, record);
  const inner = new Names();
  for (const taken of [...names.values(), ...SHARED_NAMES]) inner.take(taken);
  const messageOf = (field: FieldShape, message: MessageShape, known: FieldRecord | undefined): ProtoMessage => {
    const isShared = message.place === "file";
    return numberFields(message, {
      name: isShared ? toTopName(message.name ?? "") : inner.give(toPascalCase(field.key)),
      record: (isShared ? undefined : known?.message) ?? NO_RECORD,
      toTopName,
    });
  };
  const fields = shape.fields.map((field): ProtoField => {
    const known = kept.get(field.key);
    next = skipReserved(next);
    return {
      ...field,
      name: names.get(field.key) ?? field.key,
      number: known?.number ?? next++,
      type: typeof field.type === "string" ? field.type : messageOf(field, field.type, known),
    };
  });
  const used: ReadonlySet<string> = new Set(names.values());
  const goneNames = [...reserved.names, ...gone.map(([key, field]) => field.name ?? key)];
  return {
    ...shape,
    name,
    fields: fields.sort((a, b) => a.number - b.number),
    reserved: {
      numbers: numbers.sort((a, b) => a - b),
      names: [...new Set(goneNames)].filter((one) => !used.has(one)).sort(),
    },
  };
}

/** The type of a field as it is recorded. */
export function recordedType({ type, isRepeated, isJson }: FieldShape): string {
  const label = isRepeated ? "repeated " : "";
  if (typeof type === "string") return isJson ? "json" : `${label}${type}`;
  return `${label}${type.place === "file" ? (type.name ?? "") : "message"}`;
}

/** protobuf keeps these for itself. */
const FIRST_KEPT = 19_000;
const LAST_KEPT = 19_999;

function skipReserved(number: number): number {
  return number >= FIRST_KEPT && number <= LAST_KEPT ? LAST_KEPT + 1 : number;
}

/** What was recorded of a field, undefined for a new one and for one whose type changed. */
function keptRecord(field: FieldShape, record: MessageRecord): FieldRecord | undefined {
  const known = fieldRecord(record, field.key);
  return known?.type === recordedType(field) ? known : undefined;
}

/** Keys are an author's: those of every object's prototype are no records. */
export function fieldRecord({ fields }: MessageRecord, key: string): FieldRecord | undefined {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** The name of each field by its key. Recorded names come first, then those that need no change: what is added later changes no name that was given before. */
function nameFields(fields: readonly FieldShape[], record: MessageRecord): ReadonlyMap<string, string> {
  const names = fieldNames();
  const given = new Map<string, string>();
  const wanted = (field: FieldShape): string => (field.isJson ? `${field.key}_json` : field.key);
  for (const field of fields) {
    const known = keptRecord(field, record);
    if (known === undefined) continue;
    given.set(field.key, known.name ?? field.key);
    names.take(known.name ?? field.key);
  }
  const fresh = fields.filter(({ key }) => !given.has(key));
  for (const field of fresh.filter((one) => isFieldName(wanted(one)))) given.set(field.key, names.give(wanted(field)));
  for (const field of fresh.filter((one) => !isFieldName(wanted(one)))) given.set(field.key, names.give(wanted(field)));
  return given;
}
