import { describeValue } from "../../describe-value.ts";
import { addProblem, childPath, type ProblemList } from "../../problem-list.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";

type Row = Readonly<Record<string, unknown>>;

/** Reads rows that are objects: `[{"CRIM": 0.1, "RM": 6}, …]`. */
export function readRecords(rows: readonly unknown[], context: SourceContext): FrameSource {
  const table = uniformTable(rows);
  return table === undefined ? readMixed(rows, context) : readUniform(table, rows.length, context);
}

/** Rows that all have the same keys, by key. */
interface UniformTable {
  readonly keys: readonly string[];
  readonly cells: readonly (readonly unknown[])[];
}

/**
 * The cells of rows that have the same keys in the same order, as every library writes them; else undefined.
 *
 * Comparing the order costs a few nanoseconds a key; looking each key up would cost several times that, to compare and again to read.
 */
function uniformTable(rows: readonly unknown[]): UniformTable | undefined {
  const [first] = rows;
  if (!isRow(first)) return undefined;
  const keys = Object.keys(first);
  const cells = keys.map((): unknown[] => []);
  for (const row of rows) {
    if (!isRow(row)) return undefined;
    let count = 0;
    for (const key in row) {
      if (key !== keys[count]) return undefined;
      cells[count]?.push(row[key]);
      count += 1;
    }
    if (count !== keys.length) return undefined;
  }
  return { keys, cells };
}

function readUniform(
  { keys, cells }: UniformTable,
  rows: number,
  { names, path, problems }: SourceContext,
): FrameSource {
  /** Where the cells of each declared column stand. */
  const positions = names.declared.map(() => -1);
  const unknown = new Map<string, string>();
  let count = 0;
  for (const [position, key] of keys.entries()) {
    const index = names.indexOf(key);
    const taken = positions[index];
    if (taken === undefined) unknown.set(key, childPath(childPath(path, 0), key));
    else if (taken < 0) {
      positions[index] = position;
      count += 1;
    } else
      addProblem(problems, () => ({
        path: childPath(childPath(path, 0), key),
        message: `the same column as "${keys[taken] ?? ""}"`,
      }));
  }
  const keyOf = (column: number): string => keys[positions[column] ?? -1] ?? names.declared[column] ?? "";
  names.check({ path, unknown, count, has: (index) => positions[index] !== -1 }, problems);
  return {
    rows,
    cells: positions.map((position) => cells[position]),
    place: (row, column) => childPath(childPath(path, row), keyOf(column)),
  };
}

/** Rows with different keys, such as those of writers that leave out missing cells. */
function readMixed(given: readonly unknown[], { names, path, problems }: SourceContext): FrameSource {
  const rows = given.filter(isRow);
  if (rows.length < given.length) {
    reportRows(given, path, problems);
    return emptySource(names.declared.length);
  }
  const cells = names.declared.map((): unknown[] => []);
  const seen = new Set<number>();
  const unknown = new Map<string, string>();
  const indexOf = remember(names.indexOf);
  for (const [row, value] of rows.entries()) {
    const place = childPath(path, row);
    for (const column of cells) column.push(undefined);
    for (const key of Object.keys(value)) {
      const index = indexOf(key);
      const column = cells[index];
      if (column === undefined) {
        if (!unknown.has(key)) unknown.set(key, childPath(place, key));
      } else if (column[row] === undefined) {
        column[row] = value[key];
        seen.add(index);
      } else {
        addProblem(problems, () => ({
          path: childPath(place, key),
          message: `column "${names.declared[index] ?? ""}" came twice in this row`,
        }));
      }
    }
  }
  if (rows.length > 0) names.check({ path, unknown, count: seen.size, has: (index) => seen.has(index) }, problems);
  return {
    rows: rows.length,
    cells: cells.map((column, index) => (seen.has(index) ? column : undefined)),
    place: (row, column) => childPath(childPath(path, row), names.declared[column] ?? ""),
  };
}

function reportRows(rows: readonly unknown[], path: string, problems: ProblemList): void {
  for (const [index, row] of rows.entries()) {
    if (isRow(row)) continue;
    const hint = Array.isArray(row) ? ': lists go under {"columns": […], "data": […]}' : "";
    addProblem(problems, () => ({
      path: childPath(path, index),
      message: `expected an object with the columns, got ${describeValue(row)}${hint}`,
    }));
  }
}

function remember(find: (name: string) => number): (name: string) => number {
  const known = new Map<string, number>();
  return (name) => {
    let index = known.get(name);
    if (index === undefined) {
      index = find(name);
      known.set(name, index);
    }
    return index;
  };
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
