import { describeValue, quote } from "../../describe-value.ts";
import { LARGEST_INPUT, type NonFinite, parseBigInteger, parseNonFinite } from "../../tensor/elements.ts";
import type { ColumnSpec, ColumnType } from "../types.ts";
import type { CellOfType } from "./frame-types.ts";

/** One cell as it is held in a frame. */
export type Cell = CellOfType[ColumnType] | null;

/** Cells of one column as they are held in a frame. */
export type ColumnData = Float64Array | Float32Array | Int32Array | BigInt64Array | readonly Cell[];

/** Where the cells of a column are written. */
export interface CellSink {
  [row: number]: Cell;
}

/** What may stand for a non-finite number; "any" where the number itself can: in binary tensors and in an author's own frames. */
export type CellPolicy = NonFinite | "any";

/** One declared column, made ready to read. */
export interface Column {
  readonly name: string;
  readonly spec: ColumnSpec;
  /** Writes plain cells in a tight loop; gives how many it wrote before the first that needs a second look. */
  fill(cells: ArrayLike<unknown>, data: CellSink): number;
  /** Reads one cell in any of its forms; undefined when it does not fit the column. */
  read(cell: unknown, policy: CellPolicy): Cell | undefined;
  /** Says what is wrong with a cell that does not fit. */
  fault(cell: unknown, policy: CellPolicy): string;
}

/** Makes the reader of a column. */
export function createColumn(name: string, spec: ColumnSpec): Column {
  const kind: Kind = KINDS[spec.type];
  const breaks = ruleOf(spec);
  const convert = (cell: unknown, policy: CellPolicy): Cell | undefined => {
    if (cell === null || cell === undefined) {
      if (spec.nullable === true) return null;
      return cell === null && policy === "null" && kind.isFloat ? NaN : undefined;
    }
    return kind.convert(cell, policy);
  };
  return {
    name,
    spec,
    fill: spec.nullable === true || spec.enum !== undefined ? () => 0 : kind.fill(spec),
    read(cell, policy) {
      const value = convert(cell, policy);
      return value === undefined || value === null || breaks(value) === undefined ? value : undefined;
    },
    fault(cell, policy) {
      if (cell === undefined) return "missing value";
      const value = convert(cell, policy);
      const broken = value === undefined || value === null ? undefined : breaks(value);
      if (broken !== undefined) return `expected ${broken}, got ${describeValue(cell)}`;
      return cell === null ? "missing value: null" : `not ${kind.expected}: ${describeValue(cell)}`;
    },
  };
}

interface Kind {
  /** What a cell is, for messages: `a number`. */
  readonly expected: string;
  readonly isFloat: boolean;
  convert(cell: unknown, policy: CellPolicy): Cell | undefined;
  /** Makes the tight loop for cells of this type; it ends at the first cell that is not plain or breaks a rule. */
  fill(spec: ColumnSpec): Fill;
}

type Fill = (cells: ArrayLike<unknown>, data: CellSink) => number;

const KINDS = {
  float64: {
    expected: "a number",
    isFloat: true,
    convert: (cell, policy) => toFloat(cell, policy, LARGEST_INPUT.float64),
    fill: (spec) => fillFloats(spec, LARGEST_INPUT.float64),
  },
  float32: {
    expected: "a float32 number",
    isFloat: true,
    convert: (cell, policy) => toFloat(cell, policy, LARGEST_INPUT.float32),
    fill: (spec) => fillFloats(spec, LARGEST_INPUT.float32),
  },
  int32: {
    expected: "a whole number from -2147483648 to 2147483647",
    isFloat: false,
    convert: (cell) => {
      const number = typeof cell === "bigint" ? Number(cell) : cell;
      return typeof number === "number" && (number | 0) === number ? number : undefined;
    },
    fill: fillInt32,
  },
  int64: {
    expected: "a whole number of 64 bits",
    isFloat: false,
    convert: (cell) => {
      const whole = parseBigInteger(cell);
      return whole === undefined || BigInt.asIntN(64, whole) !== whole ? undefined : whole;
    },
    fill: fillInt64,
  },
  bool: {
    expected: "true or false",
    isFloat: false,
    convert: (cell) => (typeof cell === "boolean" ? cell : undefined),
    fill: () => fillList((cell): cell is boolean => typeof cell === "boolean"),
  },
  string: {
    expected: "a string",
    isFloat: false,
    convert: (cell) => (typeof cell === "string" ? cell : undefined),
    // UTF-16 units are at least as many as characters: a text this short needs no counting.
    fill: ({ maxLength = Infinity }) =>
      fillList((cell): cell is string => typeof cell === "string" && cell.length <= maxLength),
  },
} as const satisfies Record<ColumnType, Kind>;

function toFloat(cell: unknown, policy: CellPolicy, largest: number): number | undefined {
  const number = typeof cell === "bigint" ? Number(cell) : cell;
  if (typeof number === "number") {
    if (number <= largest && number >= -largest) return number;
    return policy === "any" && !Number.isFinite(number) ? number : undefined;
  }
  return policy === "any" ? undefined : parseNonFinite(cell, policy);
}

function fillFloats(spec: ColumnSpec, largest: number): Fill {
  const min = Math.max(-largest, spec.min ?? -largest);
  const max = Math.min(largest, spec.max ?? largest);
  return (cells, data) => {
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row];
      if (typeof cell !== "number" || !(cell >= min && cell <= max)) return row;
      data[row] = cell;
    }
    return cells.length;
  };
}

function fillInt32({ min = -Infinity, max = Infinity }: ColumnSpec): Fill {
  return (cells, data) => {
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row];
      if (typeof cell !== "number" || (cell | 0) !== cell || cell < min || cell > max) return row;
      data[row] = cell;
    }
    return cells.length;
  };
}

function fillInt64({ min = -Infinity, max = Infinity }: ColumnSpec): Fill {
  return (cells, data) => {
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row];
      if (typeof cell !== "number" || !Number.isSafeInteger(cell) || cell < min || cell > max) return row;
      data[row] = BigInt(cell);
    }
    return cells.length;
  };
}

function fillList<T extends Cell>(fits: (cell: unknown) => cell is T): Fill {
  return (cells, data) => {
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row];
      if (!fits(cell)) return row;
      data[row] = cell;
    }
    return cells.length;
  };
}

/** Makes the function that tells which rule a cell breaks, as what was expected; undefined when none. */
function ruleOf(spec: ColumnSpec): (cell: Exclude<Cell, null>) => string | undefined {
  const { min, max, maxLength } = spec;
  const listed = spec.enum === undefined ? undefined : new Set<unknown>(spec.enum);
  return (cell) => {
    if (typeof cell === "string") {
      if (maxLength !== undefined && isLonger(cell, maxLength)) return `at most ${maxLength} characters`;
    } else if (typeof cell !== "boolean") {
      if (min !== undefined && cell < min) return `at least ${min}`;
      if (max !== undefined && cell > max) return `at most ${max}`;
    }
    if (listed === undefined || listed.has(typeof cell === "bigint" ? Number(cell) : cell)) return undefined;
    const shown = [...listed]
      .slice(0, MAX_LISTED)
      .map((item) => (typeof item === "string" ? quote(item) : String(item)));
    return `one of ${shown.join(", ")}${listed.size > MAX_LISTED ? ", …" : ""}`;
  };
}

/** Allowed values that a message lists. */
const MAX_LISTED = 10;

/** Whether a text has more characters; one takes one or two UTF-16 units, so most texts need no counting. */
function isLonger(text: string, maxLength: number): boolean {
  return text.length > maxLength && (text.length > 2 * maxLength || Array.from(text).length > maxLength);
}
