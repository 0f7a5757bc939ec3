import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { childPath } from "../../problem-list.ts";
import { formatNonFinite, toJsonInteger } from "../../tensor/to-nested.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ColumnType, DataFrameSpec, IoOptions, NanPolicy, Payload, PayloadKind } from "../types.ts";
import type { Column, ColumnData } from "./column.ts";
import { type FrameParts, toRecords } from "./frame.ts";

/**
 * Writes a frame as JSON in its orientation, or as one tensor [rows] for each column.
 *
 * Throws INTERNAL that names the place of a non-finite number when the policy has no stand-in, NOT_ACCEPTABLE for parts and for null in a tensor that has no null.
 */
export function writeFrame(spec: DataFrameSpec, parts: FrameParts, as: PayloadKind, { nan }: IoOptions): Payload {
  if (as === "parts")
    throw new ServingError("NOT_ACCEPTABLE", "a data frame is answered as JSON: ask for application/json");
  if (as === "tensors")
    return {
      kind: "tensors",
      tensors: Object.fromEntries(parts.columns.map((column, index) => [column.name, toTensor(column, parts, index)])),
    };
  const data = parts.columns.map((column, index) =>
    toJsonList(parts.data[index] ?? [], nan, (row) => placeOf(spec, column, row)),
  );
  return { kind: "json", value: { [spec.key]: ORIENTS[spec.orient](parts, data) } };
}

type JsonCell = null | boolean | number | bigint | string;
type JsonList = readonly JsonCell[];

const ORIENTS = {
  records: (parts, data) => toRecords({ ...parts, data }),
  split: ({ names, rows }, data) => ({
    columns: names,
    data: Array.from({ length: rows }, (_, row) => data.map((list) => list[row] ?? null)),
  }),
  columns: ({ names }, data) => Object.fromEntries(names.map((name, index) => [name, data[index] ?? []])),
} as const satisfies Record<DataFrameSpec["orient"], (parts: FrameParts, data: readonly JsonList[]) => unknown>;

function placeOf({ key, orient }: DataFrameSpec, { name }: Column, row: number): string {
  const frame = childPath("", key);
  return orient === "columns" ? childPath(childPath(frame, name), row) : childPath(childPath(frame, row), name);
}

/** Cells as JSON can carry them. */
function toJsonList(cells: ColumnData, nan: NanPolicy, place: (row: number) => string): JsonList {
  const list: JsonCell[] = [];
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row] ?? null;
    if (typeof cell === "bigint") list.push(toJsonInteger(cell));
    else if (typeof cell !== "number" || Number.isFinite(cell)) list.push(cell);
    else list.push(standIn(cell, nan, () => place(row)));
  }
  return list;
}

function standIn(cell: number, nan: NanPolicy, place: () => string): JsonCell {
  const text = formatNonFinite(cell, nan);
  if (text !== undefined) return text;
  throw new ServingError(
    "INTERNAL",
    `output ${place()}: ${cell} can't be written as JSON; say what stands for it with nan: "null" or nan: "string"`,
  );
}

/** Makes the tensor of the cells of a column without null. */
const TENSORS = {
  float64: (cells, shape) => ({ dtype: "float64", shape, data: Float64Array.from(cells as ArrayLike<number>) }),
  float32: (cells, shape) => ({ dtype: "float32", shape, data: Float32Array.from(cells as ArrayLike<number>) }),
  int32: (cells, shape) => ({ dtype: "int32", shape, data: Int32Array.from(cells as ArrayLike<number>) }),
  int64: (cells, shape) => ({ dtype: "int64", shape, data: BigInt64Array.from(cells as ArrayLike<bigint>) }),
  bool: (cells, shape) => ({ dtype: "bool", shape, data: Uint8Array.from(cells as ArrayLike<boolean>, Number) }),
  string: (cells, shape) => ({ dtype: "string", shape, data: Array.from(cells as ArrayLike<string>) }),
} as const satisfies Record<ColumnType, (cells: ColumnData, shape: readonly number[]) => Tensor>;

function toTensor({ name, spec }: Column, parts: FrameParts, index: number): Tensor {
  const cells = parts.data[index] ?? [];
  const isFloat = spec.type === "float64" || spec.type === "float32";
  const gaps = Array.isArray(cells) ? cells.indexOf(null) : -1;
  if (gaps >= 0 && !isFloat) {
    throw new ServingError(
      "NOT_ACCEPTABLE",
      `row ${gaps} of column ${quote(name)} has no value, which a ${spec.type} tensor can't say: ask for application/json`,
    );
  }
  const filled: ColumnData =
    gaps < 0 || !Array.isArray(cells) ? cells : cells.map((cell: unknown) => (cell === null ? NaN : (cell as number)));
  return TENSORS[spec.type](filled, [parts.rows]);
}
