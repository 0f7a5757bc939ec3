import type { DType } from "../../tensor/dtype.ts";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { ColumnSpec, ColumnType, IoType } from "../types.ts";

/** Columns as an author declares them: a type, or a type with rules. */
export type ColumnsInput = Readonly<Record<string, ColumnType | ColumnSpec>>;

/** One cell of each type. */
export interface CellOfType {
  float64: number;
  float32: number;
  int32: number;
  int64: bigint;
  bool: boolean;
  string: string;
}

/** All cells of a column of each type, when none may be missing. */
interface ListOfType {
  float64: Float64Array;
  float32: Float32Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: boolean[];
  string: string[];
}

type TypeOf<S> = S extends ColumnType ? S : S extends { readonly type: infer T extends ColumnType } ? T : never;

// Of the values listed only texts: those of a number column say nothing that its type does not.
type Cell<S> = S extends { readonly type: "string"; readonly enum: readonly (infer E extends string)[] }
  ? E
  : CellOfType[TypeOf<S>];

type Dense<S> = S extends { readonly type: "string" } ? Cell<S>[] : ListOfType[TypeOf<S>];

/** One cell of a column; null only where the column is nullable. */
type CellOf<S> = S extends { readonly nullable: infer N } ? (N extends true ? Cell<S> | null : Cell<S>) : Cell<S>;

/** All cells of a column: a typed array for numbers, a plain list where cells may be null. */
export type ColumnOf<S> = S extends { readonly nullable: infer N }
  ? N extends true
    ? (Cell<S> | null)[]
    : Dense<S>
  : Dense<S>;

/** One row as an object. */
export type RecordOf<C extends ColumnsInput> = { -readonly [K in keyof C]: CellOf<C[K]> };

/** Cells by column, as an author gives them: lists or typed arrays of one length. */
type ColumnsOf<C extends ColumnsInput> = { readonly [K in keyof C]: ArrayLike<CellOf<C[K]>> };

/** A table with typed columns. Its columns are shared, not copied: who reads one does not write to it. */
export interface DataFrame<C extends ColumnsInput> {
  readonly rows: number;
  /** Names in declared order. */
  readonly columns: readonly (keyof C & string)[];
  /** All cells of one column. Throws INTERNAL for a name that is not declared. */
  column<K extends keyof C & string>(name: K): ColumnOf<C[K]>;
  /**
   * The named columns, or all in declared order, as one tensor [rows, columns].
   *
   * Truth values become 0 and 1, null becomes NaN in float tensors. Throws INVALID_ARGUMENT with the place of a cell that the element type can't hold, INTERNAL
   * for text among numbers.
   */
  toTensor<D extends DType>(dtype: D, names?: readonly (keyof C & string)[]): TensorOf<D>;
  /** The rows as objects. */
  records(): RecordOf<C>[];
}

/** The IO type of data frames with these columns, and how an author makes one. */
export interface DataFrameType<C extends ColumnsInput> extends IoType<DataFrame<C>> {
  /** Makes a frame from cells by column. Throws INTERNAL with the place of what does not fit. */
  fromColumns(columns: ColumnsOf<C>): DataFrame<C>;
  /** Makes a frame from rows. Throws INTERNAL with the place of what does not fit. */
  fromRecords(records: readonly RecordOf<C>[]): DataFrame<C>;
  /** Joins frames of this type, their rows in order; cells are copied once. A single frame is given back as it is. */
  join(frames: readonly DataFrame<C>[]): DataFrame<C>;
}

/** What an author says of a data frame. */
export interface DataFrameOptions<C extends ColumnsInput> {
  /** Field that holds the frame: `{"df": …}`; default "df". */
  readonly key?: string;
  readonly columns: C;
  /** Whether letter case counts in the names of columns; default "exact". */
  readonly case?: "exact" | "ignore";
  /** What becomes of columns that are not declared; default "error". */
  readonly extra?: "error" | "ignore";
  /** How it is written as JSON, when it is an output; default "records". */
  readonly orient?: "records" | "split" | "columns";
  /** Fewest and most rows taken as input; default 0 and any. */
  readonly minRows?: number;
  readonly maxRows?: number;
}
