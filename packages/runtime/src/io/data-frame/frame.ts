import { quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { Cell, Column, ColumnData } from "./column.ts";
import { columnsToTensor } from "./columns-to-tensor.ts";
import type { ColumnOf, ColumnsInput, DataFrame, RecordOf } from "./frame-types.ts";

/** What a frame is made of: its columns, their data in the same order, and where it stood in the input. */
export interface FrameParts {
  readonly columns: readonly Column[];
  /** Names of the columns. */
  readonly names: readonly string[];
  readonly data: readonly ColumnData[];
  readonly rows: number;
  /** JSON Pointer of the frame, for messages about its cells. */
  readonly path: string;
  /** Row at which it begins there, where it is a part of another frame; 0 when left out. */
  readonly firstRow?: number;
}

/** Makes a frame of checked parts; `C` must be the declaration that the columns were made of. */
export function createFrame<C extends ColumnsInput>(parts: FrameParts): DataFrame<C> {
  return new Frame<C>(parts);
}

/** The parts of a value that `createFrame` has made, undefined for any other value. */
export function partsOfFrame(value: unknown): FrameParts | undefined {
  return value instanceof Frame ? value.parts : undefined;
}

class Frame<C extends ColumnsInput> implements DataFrame<C> {
  readonly rows: number;
  readonly columns: readonly (keyof C & string)[];
  readonly #parts: FrameParts;

  constructor(parts: FrameParts) {
    this.rows = parts.rows;
    this.columns = parts.names;
    this.#parts = parts;
  }

  get parts(): FrameParts {
    return this.#parts;
  }

  column<K extends keyof C & string>(name: K): ColumnOf<C[K]> {
    // The list that a column's reader fills is the one its type declares.
    return this.#parts.data[this.#indexOf(name)] as ColumnOf<C[K]>;
  }

  toTensor<D extends DType>(dtype: D, names: readonly (keyof C & string)[] = this.columns): TensorOf<D> {
    return columnsToTensor(
      this.#parts,
      names.map((name) => this.#indexOf(name)),
      dtype,
    );
  }

  records(): RecordOf<C>[] {
    return toRecords(this.#parts) as RecordOf<C>[];
  }

  #indexOf(name: string): number {
    const index = this.#parts.names.indexOf(name);
    if (index >= 0) return index;
    throw new ServingError("INTERNAL", `the data frame has no column ${quote(name)}${didYouMean(name, this.columns)}`);
  }
}

/** What records are made of: cells in any kind of list. */
export interface RecordParts extends Pick<FrameParts, "names" | "rows"> {
  readonly data: readonly ArrayLike<Cell>[];
}

/** The rows as objects. */
export function toRecords(parts: RecordParts): Record<string, Cell>[] {
  const { names, data, rows } = parts;
  const records: Record<string, Cell>[] = [];
  for (let row = 0; row < rows; row++) {
    const record: Record<string, Cell> = {};
    for (let index = 0; index < names.length; index++) record[names[index] ?? ""] = data[index]?.[row] ?? null;
    records.push(record);
  }
  return records;
}
