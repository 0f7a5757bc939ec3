import { ServingError } from "../../errors.ts";
import type { ColumnData } from "./column.ts";
import type { FrameParts } from "./frame.ts";

/** Joins frames of the same columns, their rows in order; a single one is given back as it is. Throws INTERNAL for none. */
export function joinFrames(frames: readonly FrameParts[]): FrameParts {
  const [first] = frames;
  if (first === undefined) throw new ServingError("INTERNAL", "join: expected at least one data frame, got none");
  if (frames.length === 1) return first;
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const data = first.data.map((column, index) =>
    joinColumns(
      column,
      frames.map((frame) => frame.data[index] ?? []),
      rows,
    ),
  );
  return { columns: first.columns, names: first.names, data, rows, path: first.path };
}

/** Cuts a frame into frames of at most `maxRows` rows, whose numbers are views of its own. */
export function cutFrame(frame: FrameParts, maxRows: number): FrameParts[] {
  const parts: FrameParts[] = [];
  for (let at = 0; at < frame.rows; at += maxRows) {
    const end = Math.min(frame.rows, at + maxRows);
    const data = frame.data.map((column) => cutColumn(column, at, end));
    parts.push({ ...frame, data, rows: end - at, firstRow: (frame.firstRow ?? 0) + at });
  }
  return parts;
}

function joinColumns(like: ColumnData, columns: readonly ColumnData[], rows: number): ColumnData {
  if (like instanceof Float64Array) return joinNumbers(new Float64Array(rows), columns);
  if (like instanceof Float32Array) return joinNumbers(new Float32Array(rows), columns);
  if (like instanceof Int32Array) return joinNumbers(new Int32Array(rows), columns);
  if (like instanceof BigInt64Array) return joinNumbers(new BigInt64Array(rows), columns);
  return columns.flatMap((column) => Array.from<ColumnData[number]>(column));
}

function joinNumbers<T extends Exclude<ColumnData, readonly unknown[]>>(
  joined: T,
  columns: readonly ColumnData[],
): ColumnData {
  const bytes = new Uint8Array(joined.buffer);
  let offset = 0;
  for (const column of columns) {
    if (!ArrayBuffer.isView(column)) continue;
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset);
    offset += column.byteLength;
  }
  return joined;
}

function cutColumn(column: ColumnData, start: number, end: number): ColumnData {
  return ArrayBuffer.isView(column) ? column.subarray(start, end) : column.slice(start, end);
}
