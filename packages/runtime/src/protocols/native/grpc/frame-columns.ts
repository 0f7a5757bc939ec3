import { ServingError } from "../../../errors.ts";
import type { ColumnSpec, DataFrameSpec } from "../../../io/types.ts";
import { COLUMN_SCALARS } from "../../proto/shared-messages.ts";

/** The columns of a frame that was written as JSON in the orientation of its type, as the fields of its message; only a frame with cells that may be empty is. */
export function frameColumns(
  value: unknown,
  { key, columns, orient }: DataFrameSpec,
): Readonly<Record<string, unknown>> {
  const frame: unknown = memberOf(value, key);
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, toColumn(cellsOf(frame, name, orient), column)]),
  );
}

function cellsOf(frame: unknown, name: string, orient: DataFrameSpec["orient"]): readonly unknown[] {
  switch (orient) {
    case "records":
      return listOf(frame).map((row) => memberOf(row, name));
    case "columns":
      return listOf(memberOf(frame, name));
    case "split": {
      const index = listOf(memberOf(frame, "columns")).indexOf(name);
      return listOf(memberOf(frame, "data")).map((row) => listOf(row)[index]);
    }
  }
}

/** An empty cell is null; its place among the values holds what its type starts from. */
function toColumn(cells: readonly unknown[], { type, nullable }: ColumnSpec): unknown {
  if (nullable !== true) return toTyped(cells, type);
  const nulls = cells.map((cell) => cell === null);
  const values = toTyped(
    cells.map((cell) => cell ?? ZEROS[COLUMN_SCALARS[type]]),
    type,
  );
  return nulls.includes(true) ? { values, nulls } : { values };
}

const ZEROS = { double: 0, float: 0, int32: 0, int64: 0, bool: false, string: "" } as const;

/** Cells in the array from which lists of their type are written. */
function toTyped(cells: readonly unknown[], type: ColumnSpec["type"]): unknown {
  if (type === "float32") return Float32Array.from(cells, toNumber);
  return type === "int32" ? Int32Array.from(cells as readonly number[]) : cells;
}

/** NaN and infinities stand in JSON as null or as texts. */
function toNumber(cell: unknown): number {
  return cell === null ? NaN : Number(cell);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ServingError(
    "INTERNAL",
    "the output does not fit its message: a data frame came in another form than its type's",
  );
}
