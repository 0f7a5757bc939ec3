import { describeValue, quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { addProblem, assertNoProblems, childPath, createProblemList, type ProblemList } from "../../problem-list.ts";
import { CREATE_DATA, type DataOf, type DType, DTYPES } from "../../tensor/dtype.ts";
import { type ElementRow, ELEMENTS, LARGEST_INPUT } from "../../tensor/elements.ts";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { Cell, Column, ColumnData } from "./column.ts";
import type { FrameParts } from "./frame.ts";

/** Columns side by side as one tensor [rows, columns]; what `DataFrame.toTensor` promises. */
export function columnsToTensor<D extends DType>(parts: FrameParts, indices: readonly number[], dtype: D): TensorOf<D> {
  const { columns, rows } = parts;
  const width = indices.length;
  const data: DataOf[D] = CREATE_DATA[dtype](rows * width);
  const problems = createProblemList();
  for (const [position, index] of indices.entries()) {
    const column = columns[index];
    const cells = parts.data[index];
    if (column === undefined || cells === undefined) continue;
    assertConvertible(column, dtype);
    // Numbers into a float tensor, the common case, in a tight loop; it stops at the first that does not fit.
    const done =
      ArrayBuffer.isView(data) && isFloat(dtype) ? copyFloats(cells, data, position, width, LARGEST_INPUT[dtype]) : 0;
    const target: Target<D> = { data, row: ELEMENTS[dtype], isFloat: DTYPES[dtype].kind === "float", position, width };
    copyCells(
      cells,
      done,
      target,
      (row) => childPath(childPath(parts.path, (parts.firstRow ?? 0) + row), column.name),
      problems,
    );
  }
  assertNoProblems(problems);
  return { dtype, shape: [rows, width], data };
}

interface Target<D extends DType> {
  readonly data: DataOf[D];
  readonly row: ElementRow<D>;
  readonly isFloat: boolean;
  /** Place of the column in each row of the tensor, and elements in a row. */
  readonly position: number;
  readonly width: number;
}

/** Text goes into string tensors and nothing else does; numbers are no truth values. */
function assertConvertible(column: Column, dtype: DType): void {
  const { type } = column.spec;
  const fits = dtype === "string" || type === "string" ? dtype === type : dtype !== "bool" || type === "bool";
  if (!fits)
    throw new ServingError(
      "INTERNAL",
      `toTensor("${dtype}"): column ${quote(column.name)} holds ${type}, name the columns that fit`,
    );
}

function isFloat(dtype: DType): dtype is "float32" | "float64" {
  return dtype === "float32" || dtype === "float64";
}

/** Copies numbers until one is not finite in the target; gives how many it copied. */
function copyFloats(
  cells: ColumnData,
  data: { [index: number]: unknown },
  position: number,
  width: number,
  largest: number,
): number {
  if (!(cells instanceof Float64Array || cells instanceof Float32Array || cells instanceof Int32Array)) return 0;
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row] ?? NaN;
    if (!(cell <= largest && cell >= -largest)) return row;
    data[row * width + position] = cell;
  }
  return cells.length;
}

function copyCells<D extends DType>(
  cells: ColumnData,
  start: number,
  target: Target<D>,
  place: (row: number) => string,
  problems: ProblemList,
): void {
  for (let row = start; row < cells.length; row++) {
    const cell = cells[row] ?? null;
    if (setCell(target, row, cell)) continue;
    const message =
      cell === null
        ? "missing value, which this model can't take"
        : `expected ${target.row.expected}, got ${describeValue(cell)}`;
    addProblem(problems, () => ({ path: place(row), message }));
  }
}

function setCell<D extends DType>(
  { data, row: element, isFloat: float, position, width }: Target<D>,
  row: number,
  cell: Cell,
): boolean {
  const index = row * width + position;
  if (cell === null) return float && element.set(data, index, null, "null");
  if (typeof cell === "boolean" && ArrayBuffer.isView(data) && element !== ELEMENTS.bool)
    return element.set(data, index, cell ? 1 : 0, "error");
  // Non-finite numbers were let in by the policy: their texts are what the element's reader takes for them.
  if (float && typeof cell === "number" && !Number.isFinite(cell))
    return element.set(data, index, String(cell), "string");
  return element.set(data, index, cell, "error");
}
