import { invalidInput } from "../../../errors.ts";
import type { ColumnType, DataFrameSpec, NanPolicy, Payload } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import type { NamedTensors, Tensor } from "../../../tensor/tensor.ts";
import { formatNonFinite, toJsonInteger } from "../../../tensor/to-nested.ts";
import { type NumberArray, NumberList } from "./number-list.ts";
import type { Value, Values } from "./read-message.ts";

/**
 * The payload of a data frame that came by columns: tensors, or JSON where a cell may be empty, which a tensor can't say.
 *
 * A column that did not come is left out, unless none has a cell: a frame without rows has all of its columns.
 */
export function toFramePayload(values: Values, spec: DataFrameSpec, nan: NanPolicy): Payload {
  const columns = Object.entries(spec.columns).map(([name, { type }]) => columnOf(name, type, values.get(name)));
  const isEmpty = columns.every(({ list }) => list.length === 0);
  const came = isEmpty ? columns : columns.filter(({ list }) => list.length > 0);
  if (!Object.values(spec.columns).some(({ nullable }) => nullable === true)) {
    const tensors: NamedTensors = Object.fromEntries(came.map(({ name, type, list }) => [name, toTensor(list, type)]));
    return { kind: "tensors", tensors };
  }
  return {
    kind: "json",
    value: { [spec.key]: Object.fromEntries(came.map((column) => [column.name, toCells(column, nan)])) },
  };
}

interface ColumnValues {
  readonly name: string;
  readonly type: ColumnType;
  readonly list: CellList;
  /** Whether each cell is empty, 1 or 0; no element where none is. */
  readonly nulls: CellList;
}

/** Throws INVALID_ARGUMENT when there are not as many `nulls` as cells. */
function columnOf(name: string, type: ColumnType, value: Value | undefined): ColumnValues {
  if (!(value instanceof Map)) return { name, type, list: listOf(value, type), nulls: [] };
  const list = listOf(value.get("values"), type);
  const nulls = listOf(value.get("nulls"), "bool");
  if (nulls.length === 0 || nulls.length === list.length) return { name, type, list, nulls };
  const path = `${childPath("", name)}/nulls`;
  throw invalidInput([{ path, message: `expected one for each of the ${list.length} values, got ${nulls.length}` }]);
}

type CellList = NumberArray | readonly string[];

function listOf(value: Value | undefined, type: ColumnType): CellList {
  if (value instanceof NumberList) return value.view();
  return Array.isArray(value) ? (value as readonly string[]) : EMPTY[type];
}

const EMPTY = {
  float64: new Float64Array(),
  float32: new Float32Array(),
  int32: new Int32Array(),
  int64: new BigInt64Array(),
  bool: new Uint8Array(),
  string: [],
} as const satisfies Record<ColumnType, CellList>;

/** The list is of its column's type: it was read as that. */
function toTensor(data: CellList, type: ColumnType): Tensor {
  return { dtype: type, shape: [data.length], data } as Tensor;
}

/** Cells as the JSON form of a frame has them. */
function toCells({ type, list, nulls }: ColumnValues, nan: NanPolicy): unknown[] {
  return Array.from(list as ArrayLike<number | bigint | string>, (cell, row) => {
    if (nulls[row] === 1) return null;
    if (type === "bool") return cell !== 0;
    if (typeof cell === "bigint") return toJsonInteger(cell);
    // Under the policy "error" the number stays, and its column refuses it with its place.
    return typeof cell === "number" && !Number.isFinite(cell) ? (formatNonFinite(cell, nan) ?? cell) : cell;
  });
}
