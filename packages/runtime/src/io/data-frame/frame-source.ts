import type { ProblemList } from "../../problem-list.ts";
import type { ColumnNames } from "./column-names.ts";

/** Raw cells of a frame, by declared column, whatever the orientation in which they came. */
export interface FrameSource {
  readonly rows: number;
  /** Cells of each declared column; undefined where the column did not come. */
  readonly cells: readonly (ArrayLike<unknown> | undefined)[];
  /** JSON Pointer of a cell, by row and by index of the declared column. */
  place(row: number, column: number): string;
  /** What else tells where a row stood, such as ` (line 5)`. */
  note?(row: number): string;
}

/** What every reader of an orientation is given. */
export interface SourceContext {
  readonly names: ColumnNames;
  /** JSON Pointer of the frame. */
  readonly path: string;
  /** Takes the faults found; a source with faulty rows gives no cells, since their places would not be those of the input. */
  readonly problems: ProblemList;
}

/** A source without cells, for input whose rows are not what they should be. */
export function emptySource(columnCount: number): FrameSource {
  return { rows: 0, cells: Array.from({ length: columnCount }, () => undefined), place: () => "" };
}
