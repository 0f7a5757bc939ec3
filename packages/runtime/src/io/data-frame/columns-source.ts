import { describeValue, quote } from "../../describe-value.ts";
import { addProblem, childPath, type ProblemList } from "../../problem-list.ts";
import { locateColumns } from "./column-names.ts";
import type { FrameSource, SourceContext } from "./frame-source.ts";

/**
 * Reads `{"CRIM": [0.1, …], "RM": [6, …]}`, also with row labels as pandas writes them by default: `{"CRIM": {"0": 0.1, …}, …}`.
 *
 * Labels must be 0 to n-1: label i is row i. Others would come in the order in which JavaScript sorts keys, not in the one the caller sees.
 */
export function readColumns(
  frame: Readonly<Record<string, unknown>>,
  { names, path, problems }: SourceContext,
): FrameSource {
  const given = Object.keys(frame);
  const positions = locateColumns(names, given, path, (position) => childPath(path, given[position] ?? ""), problems);
  const keys = positions.map((position) => given[position]);
  let rows: number | undefined;
  const cells = keys.map((key) => {
    if (key === undefined) return undefined;
    const list = toList(frame[key], childPath(path, key), problems);
    if (list === undefined) return undefined;
    rows ??= list.length;
    if (list.length === rows) return list;
    const expected = rows;
    addProblem(problems, () => ({
      path: childPath(path, key),
      message: `expected ${expected} cells like the columns before it, got ${list.length}`,
    }));
    return undefined;
  });
  return { rows: rows ?? 0, cells, place: (row, column) => childPath(childPath(path, keys[column] ?? ""), row) };
}

function toList(column: unknown, path: string, problems: ProblemList): readonly unknown[] | undefined {
  if (Array.isArray(column)) return column;
  if (typeof column !== "object" || column === null) {
    addProblem(problems, () => ({ path, message: `expected a list of cells, got ${describeValue(column)}` }));
    return undefined;
  }
  const labels = Object.keys(column);
  const stranger = labels.find((label, index) => label !== String(index));
  if (stranger === undefined) return Object.values(column);
  addProblem(problems, () => ({
    path,
    message: `expected row labels 0 to ${labels.length - 1}, got ${quote(stranger)}: send records or split (pandas: reset_index(drop=True) or orient="split")`,
  }));
  return undefined;
}
