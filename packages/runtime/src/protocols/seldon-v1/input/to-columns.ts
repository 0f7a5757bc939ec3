import { describeValue } from "../../../describe-value.ts";
import { invalidInput, type ServingError } from "../../../errors.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { ArrayData } from "../types.ts";
import { plainValues } from "../../../tensor/plain-values.ts";

/** The columns of a table: each the cells of its rows, in the order in which they came. */
export interface Columns {
  readonly rows: number;
  /** Empty where the columns came without names, or with those that Seldon makes up for them. */
  readonly names: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
}

/** Names that Seldon gives to columns without one: `t:0`, `t:1`, … */
const MADE_UP = /^t:\d+$/;

/** The names of columns that somebody has given them; none where they are made up or left out. */
export function givenNames(names: readonly string[]): readonly string[] {
  return names.every((name) => MADE_UP.test(name)) ? [] : names;
}

/** Takes a table of rows apart into columns. Throws INVALID_ARGUMENT for what is no table, or has another number of names than columns. */
export function toColumns(data: ArrayData, path: string): Columns {
  const names = givenNames(data.names);
  const { rows, width, cell } = tableOf(data, path);
  if (names.length > 0 && names.length !== width)
    throw fault(`${path}/data/names`, `expected ${width} names, one for each column, got ${names.length}`);
  const columns = Array.from({ length: width }, (_, column) =>
    Array.from({ length: rows }, (_row, row) => cell(row, column)),
  );
  return { rows, names, columns };
}

interface Table {
  readonly rows: number;
  readonly width: number;
  cell(row: number, column: number): unknown;
}

function tableOf(data: ArrayData, path: string): Table {
  if (data.kind === "ndarray") return tableOfRows(data.values, `${path}/data/ndarray`);
  const [shape, values] =
    data.kind === "tensor" ? [data.shape, data.values] : [data.tensor.shape, plainValues(data.tensor)];
  const [rows = 0, width = 0] = shape;
  if (shape.length !== 2)
    throw fault(`${path}/data/${data.kind}`, `expected rows of columns, got shape ${formatShape(shape)}`);
  return { rows, width, cell: (row, column) => values[row * width + column] };
}

function tableOfRows(values: readonly unknown[], path: string): Table {
  const [first] = values;
  const width = Array.isArray(first) ? first.length : 0;
  const rows = values.map((row, index): readonly unknown[] => {
    if (Array.isArray(row) && row.length === width) return row;
    const got = Array.isArray(row) ? `${row.length} cells` : describeValue(row);
    throw fault(`${path}/${index}`, `expected a row of ${width === 0 ? "cells" : `${width} cells`}, got ${got}`);
  });
  return { rows: rows.length, width, cell: (row, column) => rows[row]?.[column] };
}

function fault(path: string, message: string): ServingError {
  return invalidInput([{ path, message }]);
}
