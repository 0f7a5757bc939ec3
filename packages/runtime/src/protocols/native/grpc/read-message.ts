import { invalidInput, ServingError } from "../../../errors.ts";
import type { ProtoField, ProtoMessage, Scalar } from "../../proto/types.ts";
import { delimitedTag, ProtoReader } from "../../wire/proto-reader.ts";
import { atKey } from "./at-key.ts";
import { type NumberArray, NumberList } from "./number-list.ts";
import { LISTS, type ListRow, SCALARS, type ScalarValue } from "./read-scalar.ts";

/** The fields of a message that came, by their keys; one that did not come is not there. */
export type Values = Map<string, Value>;

/** What came in a field. */
export type Value = ScalarValue | NumberList<NumberArray> | string[] | Values | Values[];

/** Messages inside of one call's message; each costs far more memory than its two bytes on the wire. */
const MAX_MESSAGES = 200_000;

/** Reads the messages of one type. */
export type ReadMessage = (message: Buffer) => Values;

/**
 * Makes the function that reads messages of a type: unknown fields are skipped, lists are taken packed and not, of a single value the last counts, and messages that come twice are
 * merged.
 *
 * It throws INVALID_ARGUMENT for bytes that are no message, and for texts that are not UTF-8 with their place. Source: Protocol Buffers, "Encoding".
 */
export function createMessageReader(message: ProtoMessage): ReadMessage {
  const layout = layoutOf(message);
  return (bytes) => {
    const values: Values = new Map();
    readFields(new ProtoReader(bytes), { layout, values, budget: { left: MAX_MESSAGES } });
    return values;
  };
}

/** What takes the value of each field, by tag. */
type Layout = ReadonlyMap<number, Take>;

type Take = (reader: ProtoReader, values: Values, budget: Budget) => void;

/** How many messages may still come. */
interface Budget {
  left: number;
}

interface Reading {
  readonly layout: Layout;
  readonly values: Values;
  readonly budget: Budget;
}

function readFields(reader: ProtoReader, { layout, values, budget }: Reading): void {
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    const take = layout.get(tag);
    if (take === undefined) reader.skip(tag);
    else take(reader, values, budget);
  }
}

function layoutOf({ fields }: ProtoMessage): Layout {
  return new Map(fields.flatMap(takesOf));
}

function takesOf(field: ProtoField): readonly (readonly [tag: number, take: Take])[] {
  const { type, isRepeated, number, key } = field;
  if (typeof type !== "string")
    return [[delimitedTag(number), isRepeated ? takeMessages(key, type) : takeMessage(key, type)]];
  if (!isRepeated)
    return [
      [
        SCALARS[type].tag(number),
        (reader, values) =>
          values.set(
            key,
            atKey(key, () => SCALARS[type].read(reader)),
          ),
      ],
    ];
  if (type === "string") return [[delimitedTag(number), takeTexts(key)]];
  return takeNumbers(field, type);
}

function takeMessage(key: string, type: ProtoMessage): Take {
  const layout = layoutOf(type);
  return (reader, values, budget) => {
    const known = values.get(key);
    const inner: Values = known instanceof Map ? known : new Map();
    values.set(key, inner);
    readInner(reader, { layout, values: inner, budget }, [key]);
  };
}

function takeMessages(key: string, type: ProtoMessage): Take {
  const layout = layoutOf(type);
  return (reader, values, budget) => {
    const known = values.get(key);
    const list = Array.isArray(known) ? (known as Values[]) : [];
    if (known === undefined) values.set(key, list);
    const inner: Values = new Map();
    list.push(inner);
    readInner(reader, { layout, values: inner, budget }, [key, list.length - 1]);
  };
}

function readInner(reader: ProtoReader, reading: Reading, place: readonly (string | number)[]): void {
  const { budget } = reading;
  budget.left -= 1;
  if (budget.left < 0)
    throw invalidInput([{ path: "", message: `expected at most ${MAX_MESSAGES} messages inside of one` }]);
  const inner = reader.message();
  atKey(place, () => readFields(inner, reading));
}

function takeTexts(key: string): Take {
  return (reader, values) => {
    const known = values.get(key);
    const list = Array.isArray(known) ? (known as string[]) : [];
    if (known === undefined) values.set(key, list);
    list.push(atKey([key, list.length], () => SCALARS.string.read(reader)));
  };
}

/** bytes have no lists: nothing that an IO type knows is one. */
function takeNumbers({ key, number }: ProtoField, type: Exclude<Scalar, "string">): [number, Take][] {
  if (type === "bytes") throw new ServingError("INTERNAL", `field "${key}": a list of bytes has no reader`);
  const row = LISTS[type] as ListRow<NumberArray>;
  const listOf = (values: Values): NumberList<NumberArray> => {
    const known = values.get(key);
    const list = known instanceof NumberList ? known : new NumberList<NumberArray>(row.create);
    if (known === undefined) values.set(key, list);
    return list;
  };
  return [
    [delimitedTag(number), (reader, values) => row.readPacked(reader.message(), listOf(values))],
    [SCALARS[type].tag(number), (reader, values) => row.readOne(reader, listOf(values))],
  ];
}
