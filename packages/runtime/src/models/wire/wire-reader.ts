import type { ServingError } from "../../errors.ts";
import { damagedModel } from "./damaged.ts";
import type { WireSource } from "./wire-source.ts";

/** One protobuf message: a range of the file, and how deep it lies in other messages. */
export interface WireMessage {
  readonly file: WireFile;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/** The file that is read, and what has been taken of it so far. */
export interface WireFile {
  readonly source: WireSource;
  messages: number;
  keptBytes: number;
}

/** What to do with a field: exactly one of `int`, `text`, `message` takes each of its values. */
export type FieldRule =
  | { readonly name: string; readonly int: (value: number) => void }
  | { readonly name: string; readonly text: (value: string) => void }
  | { readonly name: string; readonly type: string; readonly message: (message: WireMessage) => void };

export type FieldRules = Readonly<Record<number, FieldRule>>;

// Protobuf's own default: a deeper file could not be loaded by an engine either.
const MAX_DEPTH = 100;
// Names and metadata are short; the limits keep a hostile file from filling the memory.
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
// Ten times the largest graphs; more would be a file of empty messages that keeps the reader busy for minutes.
const MAX_MESSAGES = 10_000_000;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

const WIRE_NAMES = ["varint", "64-bit", "length-delimited", "group", "group", "32-bit"] as const;
const VARINT = 0;
const DELIMITED = 2;
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The whole file as one message. */
export function fileMessage(source: WireSource, name: string): WireMessage {
  return { file: { source, messages: 0, keptBytes: 0 }, name, start: 0, end: source.sizeBytes, depth: 0 };
}

/**
 * Walks the fields of a message in file order and hands those that have a rule to it; all others are stepped over unread.
 *
 * Each byte is looked at once at most, whatever the nesting. Integers are int64 and must be exact as a number.
 * Throws FAILED_PRECONDITION, with the byte, for what the protobuf encoding does not allow and for nesting beyond 100.
 * Source: protobuf.dev, "Encoding".
 */
export function readMessage(message: WireMessage, rules: FieldRules): void {
  if (message.depth > MAX_DEPTH)
    throw damagedMessage(message, message.start, `messages are nested deeper than ${MAX_DEPTH}`);
  message.file.messages += 1;
  if (message.file.messages > MAX_MESSAGES)
    throw damagedMessage(message, message.start, `more than ${MAX_MESSAGES} messages`);
  const cursor: Cursor = { message, at: message.start };
  while (cursor.at < message.end) {
    const tagAt = cursor.at;
    const tag = takeVarint(cursor);
    const wire = tag % 8;
    const number = (tag - wire) / 8;
    if (number < 1 || number > MAX_FIELD_NUMBER)
      throw damagedMessage(message, tagAt, `expected a field of ${message.name}, got a tag of value ${tag}`);
    const rule = rules[number];
    if (rule === undefined) skipValue(cursor, wire, number);
    else takeValue(cursor, { rule, wire, tagAt });
  }
}

/** The error for a byte of a message that breaks a rule; names the format of its file. */
export function damagedMessage({ file }: WireMessage, byteOffset: number, problem: string): ServingError {
  return damagedModel(file.source.format, byteOffset, problem);
}

/** Counts what is kept of the file; throws FAILED_PRECONDITION past 64 MiB, so that memory stays bounded. */
export function keep(message: WireMessage, text: string): void {
  // An entry costs more than its text: the object around it.
  message.file.keptBytes += text.length + 64;
  if (message.file.keptBytes > MAX_KEPT_BYTES) {
    throw damagedMessage(
      message,
      message.start,
      `names and metadata take more than ${MAX_KEPT_BYTES / 1024 / 1024} MiB`,
    );
  }
}

interface Cursor {
  readonly message: WireMessage;
  at: number;
}

interface FoundField {
  readonly rule: FieldRule;
  readonly wire: number;
  readonly tagAt: number;
}

function takeValue(cursor: Cursor, { rule, wire, tagAt }: FoundField): void {
  const { message } = cursor;
  const wanted = "int" in rule ? VARINT : DELIMITED;
  if (wire !== wanted) {
    const got = WIRE_NAMES[wire] ?? `wire type ${wire}`;
    throw damagedMessage(
      message,
      tagAt,
      `${message.name}.${rule.name}: expected a ${WIRE_NAMES[wanted]} value, got ${got}`,
    );
  }
  if ("int" in rule) {
    const value = takeVarint(cursor);
    if (!Number.isSafeInteger(value))
      throw damagedMessage(
        message,
        tagAt,
        `${message.name}.${rule.name}: expected an integer within ±2^53, got about ${value}`,
      );
    rule.int(value);
    return;
  }
  const { start, end } = takeRange(cursor, `${message.name}.${rule.name}`);
  if ("text" in rule) rule.text(readText(message, { start, end, name: rule.name }));
  else rule.message({ file: message.file, name: rule.type, start, end, depth: message.depth + 1 });
}

function readText(
  message: WireMessage,
  field: { readonly start: number; readonly end: number; readonly name: string },
): string {
  const length = field.end - field.start;
  if (length > MAX_TEXT_BYTES)
    throw damagedMessage(
      message,
      field.start,
      `${message.name}.${field.name}: expected at most ${MAX_TEXT_BYTES} bytes, got ${length}`,
    );
  return length === 0 ? "" : utf8.decode(message.file.source.bytesAt(field.start, length));
}

function skipValue(cursor: Cursor, wire: number, number: number): void {
  const what = `field ${number} of ${cursor.message.name}`;
  if (wire === VARINT) takeVarint(cursor);
  else if (wire === DELIMITED) takeRange(cursor, what);
  else {
    const length = FIXED_BYTES[wire];
    if (length === undefined)
      throw damagedMessage(cursor.message, cursor.at, `${what}: expected wire type 0, 1, 2 or 5, got ${wire}`);
    advance(cursor, length, what);
  }
}

/** Takes a length and steps over as many bytes. */
function takeRange(cursor: Cursor, what: string): { readonly start: number; readonly end: number } {
  const length = takeVarint(cursor);
  const start = cursor.at;
  advance(cursor, length, what);
  return { start, end: cursor.at };
}

function advance(cursor: Cursor, length: number, what: string): void {
  const left = cursor.message.end - cursor.at;
  if (length < 0 || length > left)
    throw damagedMessage(
      cursor.message,
      cursor.at,
      `${what}: expected ${length < 0 ? "a length" : `${length} bytes`}, ${left} are left`,
    );
  cursor.at += length;
}

/**
 * Takes a base-128 varint as a signed 64-bit number: exact within ±2^53, rounded beyond.
 *
 * The first seven bytes carry 49 bits, which a number holds exactly; the last three carry the upper 15 with the sign.
 */
function takeVarint(cursor: Cursor): number {
  const start = cursor.at;
  let low = 0;
  let high = 0;
  for (let index = 0; index < 10; index++) {
    if (cursor.at >= cursor.message.end)
      throw damagedMessage(
        cursor.message,
        start,
        `the varint that starts here runs past the end of its ${cursor.message.name}`,
      );
    const byte = cursor.message.file.source.byteAt(cursor.at++);
    const bits = byte & 0x7f;
    if (index < 7) low += bits * 2 ** (7 * index);
    else high += bits * 2 ** (7 * (index - 7));
    if (byte < 0x80) {
      if (high >= 2 ** 15) break;
      return (high >= 2 ** 14 ? high - 2 ** 15 : high) * 2 ** 49 + low;
    }
  }
  throw damagedMessage(cursor.message, start, "expected a varint of at most 64 bits");
}
