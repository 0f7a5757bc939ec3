import { isUtf8 } from "node:buffer";
import { invalidInput } from "../../../errors.ts";
import type { RepeatBudget } from "../../tensorflow/fill-shape.ts";
import type { ProtoReader } from "../../wire/proto-reader.ts";

/**
 * What the values of one request may still take in memory. Two bytes on the wire can be a value, a member or a message: their memory is counted, not believed.
 */
export interface ValueBudget {
  left: number;
}

/** What may be spent on one request: on values, and on values of tensors that are repeated. */
export interface DecodeBudgets {
  readonly values: ValueBudget;
  readonly repeated: RepeatBudget;
}

/** A fresh budget: 16 million numbers, texts or other single values, or a million lists, objects and members. */
export function createValueBudget(): ValueBudget {
  return { left: 16_000_000 };
}

/** What each thing takes of the budget. */
export const COST = { value: 1, container: 16, message: 160 } as const;

/** Throws INVALID_ARGUMENT when the budget is used up. */
export function spend(budget: ValueBudget, cost: number): void {
  budget.left -= cost;
  if (budget.left < 0)
    throw invalidInput([{ path: "", message: "the message has more lists, objects and values than are read" }]);
}

/** The text of a delimited field. Throws INVALID_ARGUMENT at `path` for bytes that are not UTF-8. */
export function readText(reader: ProtoReader, path: string): string {
  return toText(reader.view(), path);
}

/** The same of bytes that were read. */
export function toText(bytes: Buffer, path: string): string {
  if (!isUtf8(bytes)) throw invalidInput([{ path, message: "the text is not valid UTF-8" }]);
  return bytes.toString();
}

/** A float. */
export function readFloat(reader: ProtoReader): number {
  reader.advance(4);
  return reader.bytes.readFloatLE(reader.at - 4);
}

/** A double. */
export function readDouble(reader: ProtoReader): number {
  reader.advance(8);
  return reader.bytes.readDoubleLE(reader.at - 8);
}
