import { describeValue, quote } from "../../describe-value.ts";
import { nearestName } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import { addProblem, assertNoProblems, childPath, createProblemList, type ProblemList } from "../../problem-list.ts";
import { onlyPart } from "../binary-payload.ts";
import { decodeUtf8 } from "../text.ts";
import type { DataFrameSpec, IoOptions, Part, Payload } from "../types.ts";
import type { CellPolicy, CellSink, Column } from "./column.ts";
import type { CreateLists } from "./column-lists.ts";
import type { ColumnNames } from "./column-names.ts";
import { readColumns } from "./columns-source.ts";
import { readCsv } from "./csv-source.ts";
import type { FrameParts } from "./frame.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";
import { readRecords } from "./records-source.ts";
import { readSplit } from "./split-source.ts";
import { readTensors } from "./tensors-source.ts";

/** A frame's declaration, made ready to read. */
export interface FrameReader {
  readonly spec: DataFrameSpec;
  readonly columns: readonly Column[];
  readonly names: ColumnNames;
  readonly createLists: CreateLists;
  /** JSON Pointer of the frame under its key. */
  readonly path: string;
}

/** Reads a frame from a payload in any of its forms. Throws INVALID_ARGUMENT with every fault, UNSUPPORTED_MEDIA_TYPE for parts that are not CSV. */
export function readFrame(reader: FrameReader, payload: Payload, { nan }: IoOptions): FrameParts | Promise<FrameParts> {
  const context: SourceContext = {
    names: reader.names,
    path: reader.path,
    problems: createProblemList(),
  };
  switch (payload.kind) {
    case "json":
      return readJson(reader, payload.value, nan, context);
    case "tensors":
      // Binary tensors hold NaN as it is: only the policy that refuses it has something to say.
      return accept(reader, readTensors(payload.tensors, context), nan === "error" ? nan : "any", context);
    case "parts":
      return readCsvPart(payload.parts, reader.spec.key).then((text) =>
        accept(reader, readCsv(text, reader.columns, context), nan, context),
      );
  }
}

/** Reads the cells of a source and adds their faults to those found before; the parts are whole only when there are none. */
export function readSource(
  { columns, createLists }: Pick<FrameReader, "columns" | "createLists">,
  source: FrameSource,
  policy: CellPolicy,
  { names, path, problems }: SourceContext,
): FrameParts {
  const data = createLists(source.rows);
  let isFaulty = false;
  for (const [index, column] of columns.entries()) {
    const list = data[index] ?? [];
    const cells = source.cells[index];
    // A column that did not come and is required was reported by name, unless there are no rows.
    if (cells === undefined) leaveOut(column, list, source.rows);
    else isFaulty = !readCells(column, cells, list, policy) || isFaulty;
  }
  // Once more, row by row: faults are reported in the order in which their sender reads them.
  if (isFaulty) collectFaults(columns, source, policy, problems);
  return { columns, names: names.declared, data, rows: source.rows, path };
}

function accept(reader: FrameReader, source: FrameSource, policy: CellPolicy, context: SourceContext): FrameParts {
  const { path, problems } = context;
  // A source that could not be read has no rows; its faults say why.
  if (problems.total === 0) checkRowCount(reader.spec, source.rows, path, problems);
  const parts = readSource(reader, source, policy, context);
  assertNoProblems(problems);
  return parts;
}

function checkRowCount({ minRows, maxRows }: DataFrameSpec, rows: number, path: string, problems: ProblemList): void {
  if (rows < minRows) addProblem(problems, () => ({ path, message: `expected at least ${minRows} rows, got ${rows}` }));
  if (maxRows !== null && rows > maxRows)
    addProblem(problems, () => ({ path, message: `expected at most ${maxRows} rows, got ${rows}` }));
  assertNoProblems(problems);
}

function readJson(reader: FrameReader, value: unknown, nan: CellPolicy, outer: SourceContext): FrameParts {
  const { frame, path } = frameOf(value, reader, outer.problems);
  assertNoProblems(outer.problems);
  const context = { ...outer, path };
  return accept(reader, readOrientation(frame, context), nan, context);
}

function frameOf(
  value: unknown,
  { spec, path }: FrameReader,
  problems: ProblemList,
): { readonly frame: unknown; readonly path: string } {
  if (Array.isArray(value)) return { frame: value, path: "" };
  const { key, extra } = spec;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
    const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
    const near = nearestName(key, keys.slice(0, 100));
    const got =
      keys.length === 0
        ? `, got ${describeValue(value)}`
        : `, got an object with ${keys.slice(0, 3).map(quote).join(", ")}`;
    addProblem(problems, () => ({
      path: "",
      message: `expected {"${key}": …} or a list of rows${near === undefined ? got : `, got ${quote(near)} in place of "${key}"`}`,
    }));
    return { frame: undefined, path };
  }
  if (extra === "error") {
    for (const other of Object.keys(value)) {
      if (other !== key)
        addProblem(problems, () => ({ path: childPath("", other), message: `unknown field beside "${key}"` }));
    }
  }
  return { frame: Reflect.get(value, key), path };
}

function readOrientation(frame: unknown, context: SourceContext): FrameSource {
  if (Array.isArray(frame)) return readRecords(frame, context);
  if (typeof frame === "object" && frame !== null) {
    const record = frame as Readonly<Record<string, unknown>>;
    return isSplit(record, context.names) ? readSplit(record, context) : readColumns(record, context);
  }
  const message = `expected rows [{…}, …], {"columns": […], "data": [[…], …]} or columns {"name": […], …}, got ${describeValue(frame)}`;
  addProblem(context.problems, () => ({ path: context.path, message }));
  return emptySource(context.names.declared.length);
}

/** A frame whose columns are themselves called "columns" and "data" is not split. */
function isSplit(frame: Readonly<Record<string, unknown>>, names: ColumnNames): boolean {
  const hasBoth = Object.hasOwn(frame, "columns") && Object.hasOwn(frame, "data");
  return (
    hasBoth &&
    Array.isArray(frame["columns"]) &&
    Array.isArray(frame["data"]) &&
    !(names.indexOf("columns") >= 0 && names.indexOf("data") >= 0)
  );
}

const CSV_TYPES: ReadonlySet<string> = new Set(["text/csv", "application/csv"]);
/** What browsers and command line tools say of a `.csv` file when they do not know better. */
const VAGUE_TYPES: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "text/plain",
  "application/vnd.ms-excel",
]);

async function readCsvPart(parts: readonly Part[], key: string): Promise<string> {
  const { part, path } = onlyPart(parts, key);
  const isCsv =
    CSV_TYPES.has(part.mediaType) || (VAGUE_TYPES.has(part.mediaType) && /\.csv$/i.test(part.fileName ?? ""));
  if (!isCsv)
    throw new ServingError("UNSUPPORTED_MEDIA_TYPE", `expected application/json or text/csv, got ${part.mediaType}`);
  return decodeUtf8(await part.content.bytes(), path);
}

function leaveOut({ spec }: Column, list: CellSink, rows: number): void {
  if (spec.nullable !== true) return;
  for (let row = 0; row < rows; row++) list[row] = null;
}

/** Writes cells into a list until one does not fit; tells whether all did. */
function readCells(column: Column, cells: ArrayLike<unknown>, list: CellSink, policy: CellPolicy): boolean {
  for (let row = column.fill(cells, list); row < cells.length; row++) {
    const cell = column.read(cells[row], policy);
    if (cell === undefined) return false;
    list[row] = cell;
  }
  return true;
}

function collectFaults(
  columns: readonly Column[],
  source: FrameSource,
  policy: CellPolicy,
  problems: ProblemList,
): void {
  for (let row = 0; row < source.rows; row++) {
    for (const [index, column] of columns.entries()) {
      const cells = source.cells[index];
      if (cells === undefined || column.read(cells[row], policy) !== undefined) continue;
      addProblem(problems, () => ({
        path: source.place(row, index),
        message: column.fault(cells[row], policy) + (source.note?.(row) ?? ""),
      }));
    }
  }
}
