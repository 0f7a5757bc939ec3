import type { DataFrameSpec } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import { listWithTexts } from "./binary-values.ts";
import { isObject } from "../json-object.ts";
import { inputAt, inputUnder, type NativeInput } from "./native-input.ts";

/** A frame of rows: records `{"<column>": cell}`, lists of cells in the order of the columns, or bare cells where there is one column. */
export function frameOfRows(spec: DataFrameSpec, given: readonly unknown[], path: string): NativeInput {
  const rows = hasTexts(spec) ? listWithTexts(given, path) : given;
  const names = Object.keys(spec.columns);
  const [only = "", ...others] = names;
  const prefix = childPath("", spec.key);
  if (rows.length === 0) return inputAt(path, rows);
  if (others.length === 0 && rows.every(isCell))
    return inputUnder(path, prefix + childPath("", only), { [spec.key]: { [only]: rows } });
  if (rows.every(Array.isArray))
    return inputUnder(path, `${prefix}/data`, { [spec.key]: { columns: names, data: rows } });
  return inputAt(path, rows);
}

/** A frame of columns, `{"<column>": cells}`, each cell also as a list of one; or of rows, where the value or its only member is a list of them. */
export function frameOfColumns(spec: DataFrameSpec, given: unknown, path: string): NativeInput {
  if (Array.isArray(given)) return frameOfRows(spec, given, path);
  const prefix = childPath("", spec.key);
  if (!isObject(given)) return inputUnder(path, prefix, { [spec.key]: given });
  const [entry, ...others] = Object.entries(given);
  if (entry !== undefined && others.length === 0 && isMatrix(spec, entry[0], entry[1]))
    return frameOfRows(spec, entry[1], childPath(path, entry[0]));
  const columns = Object.entries(given).map(
    ([name, cells]) => [name, cellsOf(spec, cells, childPath(path, name))] as const,
  );
  return inputUnder(path, prefix, { [spec.key]: Object.fromEntries(columns) });
}

function hasTexts({ columns }: DataFrameSpec): boolean {
  return Object.values(columns).some(({ type }) => type === "string");
}

function isCell(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** Whether a value under a name that no column has is a whole table in rows. */
function isMatrix({ columns }: DataFrameSpec, name: string, value: unknown): value is readonly unknown[] {
  const isColumn = Object.keys(columns).some((column) => column.toLowerCase() === name.toLowerCase());
  return !isColumn && Array.isArray(value) && value.some((row) => !isCell(row));
}

function cellsOf(spec: DataFrameSpec, cells: unknown, path: string): unknown {
  if (!Array.isArray(cells)) return cells;
  const flat = cells.every((cell) => Array.isArray(cell) && cell.length === 1) ? cells.flat() : cells;
  return hasTexts(spec) ? listWithTexts(flat, path) : flat;
}
