import { addProblem, childPath } from "../../problem-list.ts";
import type { ColumnSpec, ColumnType } from "../types.ts";
import { locateColumns } from "./column-names.ts";
import { parseCsv } from "./csv-text.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";

/**
 * Reads CSV with a header row. An empty cell is a missing one, in columns of numbers and truth values so is R's `NA`; `""` is an empty text.
 *
 * A first column without a name holds row names, as pandas and R write them, and is not read. Throws INVALID_ARGUMENT for text that is not CSV.
 */
export function readCsv(
  text: string,
  columns: readonly { readonly spec: ColumnSpec }[],
  { names, path, problems }: SourceContext,
): FrameSource {
  const { rows, lines } = parseCsv(text);
  const [first, ...data] = rows;
  if (first === undefined) {
    addProblem(problems, () => ({ path, message: "expected CSV with a header row, got an empty text" }));
    return emptySource(columns.length);
  }
  const header = first.map((name) => (name ?? "").trim());
  const firstNamed = header[0] === "" ? 1 : 0;
  const located = locateColumns(
    names,
    header.slice(firstNamed),
    path,
    (position) => childPath(path, header[position + firstNamed] ?? ""),
    problems,
  );
  const positions = located.map((position) => (position < 0 ? -1 : position + firstNamed));
  let isRagged = false;
  for (const [row, cells] of data.entries()) {
    if (cells.length === header.length) continue;
    isRagged = true;
    addProblem(problems, () => ({
      path: childPath(path, row),
      message: `expected ${header.length} cells, got ${cells.length} (line ${lines[row + 1] ?? 0})`,
    }));
  }
  if (isRagged) return emptySource(columns.length);
  return {
    rows: data.length,
    cells: positions.map((position, index) => {
      const type = columns[index]?.spec.type;
      return position < 0 || type === undefined ? undefined : pluck(data, position, type);
    }),
    place: (row, column) => childPath(childPath(path, row), names.declared[column] ?? ""),
    note: (row) => ` (line ${lines[row + 1] ?? 0})`,
  };
}

function pluck(data: readonly (readonly (string | null)[])[], position: number, type: ColumnType): unknown[] {
  const parse = PARSERS[type];
  const cells: unknown[] = [];
  for (const row of data) {
    const cell = row[position] ?? null;
    cells.push(cell === null ? null : parse(cell));
  }
  return cells;
}

/** What a text stands for in a column of each type; a text that stands for none stays, for the message. */
const PARSERS = {
  float64: parseNumber,
  float32: parseNumber,
  int32: parseNumber,
  // Its digits are read exactly where the cell is checked.
  int64: (cell) => (isMissing(cell) ? null : cell.trim().replace(/^\+/, "")),
  bool: parseBoolean,
  string: (cell) => cell,
} as const satisfies Record<ColumnType, (cell: string) => unknown>;

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function parseNumber(cell: string): unknown {
  const text = cell.trim();
  // Number() also takes "", hexadecimal and more.
  if (DECIMAL.test(text)) return Number(text);
  return isMissing(text) ? null : text;
}

function parseBoolean(cell: string): unknown {
  switch (cell.trim().toLowerCase()) {
    case "true":
      return true;
    case "false":
      return false;
    default:
      return isMissing(cell) ? null : cell;
  }
}

function isMissing(cell: string): boolean {
  const text = cell.trim();
  return text === "" || text === "NA";
}
