import { describeValue } from "../../describe-value.ts";
import { addProblem, childPath, type ProblemList } from "../../problem-list.ts";
import { locateColumns } from "./column-names.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";

/** What pandas writes beside `columns` and `data` in its orientations "split" and "tight". */
const SIDE_KEYS: ReadonlySet<string> = new Set(["columns", "data", "index", "index_names", "column_names"]);

/** Reads `{"columns": ["CRIM", …], "data": [[0.1, …], …]}`; the row labels in `index` say nothing to a model and are not read. */
export function readSplit(
  frame: Readonly<Record<string, unknown>>,
  { names, path, problems }: SourceContext,
): FrameSource {
  const header = readHeader(frame["columns"], path, problems);
  const data: readonly unknown[] = Array.isArray(frame["data"]) ? frame["data"] : [];
  for (const key of Object.keys(frame)) {
    if (!SIDE_KEYS.has(key))
      addProblem(problems, () => ({ path: childPath(path, key), message: "unknown field beside columns and data" }));
  }
  const positions = locateColumns(names, header, path, (position) => `${path}/columns/${position}`, problems);
  const rows = data.filter((row): row is readonly unknown[] => Array.isArray(row) && row.length === header.length);
  if (rows.length < data.length) {
    reportRows(data, header.length, path, problems);
    return emptySource(positions.length);
  }
  return {
    rows: rows.length,
    cells: positions.map((position) => (position < 0 ? undefined : pluck(rows, position))),
    place: (row, column) => `${path}/data/${row}/${positions[column] ?? 0}`,
  };
}

/** Names of the columns; pandas writes numbers for columns without a name. */
function readHeader(columns: unknown, path: string, problems: ProblemList): readonly string[] {
  const names: readonly unknown[] = Array.isArray(columns) ? columns : [];
  return names.map((name, position) => {
    if (typeof name === "string" || typeof name === "number") return String(name);
    addProblem(problems, () => ({
      path: `${path}/columns/${position}`,
      message: `expected the name of a column, got ${describeValue(name)}`,
    }));
    return "";
  });
}

function reportRows(data: readonly unknown[], width: number, path: string, problems: ProblemList): void {
  for (const [index, row] of data.entries()) {
    if (Array.isArray(row) && row.length === width) continue;
    const got = Array.isArray(row) ? String(row.length) : describeValue(row);
    addProblem(problems, () => ({
      path: `${path}/data/${index}`,
      message: `expected a list of ${width} cells, got ${got}`,
    }));
  }
}

function pluck(rows: readonly (readonly unknown[])[], position: number): unknown[] {
  const cells: unknown[] = [];
  for (const row of rows) cells.push(row[position]);
  return cells;
}
