import { ServingError } from "../errors.ts";
import { createFrame, partsOfFrame } from "../io/data-frame/frame.ts";
import { cutFrame, joinFrames } from "../io/data-frame/join-frames.ts";
import type { IoSpec } from "../io/types.ts";
import { isDType } from "../tensor/dtype.ts";
import { joinRows, splitRows } from "../tensor/join-split.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** How much a value brings, and with which others it goes. */
export interface Measure {
  readonly rows: number;
  /** Values of one key go to the method together; undefined for one that goes alone. */
  readonly key: string | undefined;
}

/** The rows of the values of one IO type. */
export interface RowAxis {
  measure(value: unknown): Measure;
  /** Cuts a value into parts of at most `maxRows` rows; undefined where it has no rows that could be cut. */
  readonly cut: ((value: unknown, maxRows: number) => readonly unknown[]) | undefined;
  /** Joins the parts of a value, each of as many rows as `rowCounts` says; undefined where it has no rows. Throws INTERNAL for parts of other rows. */
  readonly join: ((parts: readonly unknown[], rowCounts: readonly number[]) => unknown) | undefined;
}

/**
 * What the rows of an IO type are: the first axis of tensors that leave its size free, the rows of a data frame.
 *
 * A value of any other type is one row: of a list of numbers nobody knows whether it is one input or several. As an output a JSON array is joined as rows.
 */
export function rowAxisOf(spec: IoSpec): RowAxis {
  switch (spec.kind) {
    case "tensor":
      return spec.shape[0] === null ? TENSOR_ROWS : WHOLE_TENSORS;
    case "tensors": {
      const names = Object.keys(spec.tensors);
      const isFree = Object.values(spec.tensors).every(({ shape }) => shape[0] === null);
      return isFree ? namedRows(names) : WHOLE_TENSORS;
    }
    case "dataFrame":
      return FRAME_ROWS;
    case "image":
      return {
        ...ONE,
        measure: (value) => ({ rows: 1, key: `${numberAt(value, "height")}×${numberAt(value, "width")}` }),
      };
    case "json":
      return spec.schema["type"] === "array" ? { ...ONE, join: joinLists } : ONE;
    default:
      return ONE;
  }
}

const ONE: RowAxis = { measure: () => ({ rows: 1, key: "" }), cut: undefined, join: undefined };

const TENSOR_ROWS: RowAxis = {
  measure: (value) => ({ rows: rowsIn([value], shapeOf(value)[0] ?? 1), key: shapeOf(value).slice(1).join() }),
  cut: (value, maxRows) => {
    const tensor = tensorOf(value);
    return splitRows(tensor, countsOf(tensor.shape[0] ?? 0, maxRows));
  },
  join: (parts, rowCounts) => {
    const tensors = parts.map(tensorOf);
    assertRows(
      tensors.map(({ shape }) => shape[0]),
      rowCounts,
    );
    return joinRows(tensors);
  },
};

/** Tensors without an axis whose size is free: one row, and those of one shape together. */
const WHOLE_TENSORS: RowAxis = {
  ...ONE,
  measure: (value) => {
    const tensors = isTensor(value) ? [value] : Object.values(Object(value));
    return { rows: 1, key: tensors.map((tensor) => shapeOf(tensor).join()).join(";") };
  },
};

/** Named tensors whose first sizes are free: rows where all have as many, else a value for itself. */
function namedRows(names: readonly string[]): RowAxis {
  const each = (value: unknown): unknown[] => names.map((name) => Reflect.get(Object(value), name));
  const toNamed = (values: readonly unknown[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name, index) => [name, values[index]]));
  const measure = (value: unknown): Measure => {
    const tensors = each(value);
    const shapes = tensors.map(shapeOf);
    const rows = shapes[0]?.[0] ?? 1;
    const isRagged = shapes.some((shape) => shape[0] !== rows);
    return isRagged
      ? { rows: Math.max(...tensors.map((tensor) => TENSOR_ROWS.measure(tensor).rows)), key: undefined }
      : { rows: rowsIn(tensors, rows), key: shapes.map((shape) => shape.slice(1).join()).join(";") };
  };
  return {
    measure,
    cut: (value, maxRows) => {
      if (measure(value).key === undefined) return [value];
      const columns = each(value).map((tensor) => TENSOR_ROWS.cut?.(tensor, maxRows) ?? []);
      return (columns[0] ?? []).map((_, part) => toNamed(columns.map((tensors) => tensors[part])));
    },
    join: (parts, rowCounts) =>
      toNamed(
        names.map((name) =>
          TENSOR_ROWS.join?.(
            parts.map((part) => Reflect.get(Object(part), name)),
            rowCounts,
          ),
        ),
      ),
  };
}

const FRAME_ROWS: RowAxis = {
  measure: (value) => ({ rows: numberAt(value, "rows"), key: "" }),
  cut: (value, maxRows) => {
    const frame = partsOfFrame(value);
    return frame === undefined ? [value] : cutFrame(frame, maxRows).map(createFrame);
  },
  join: (parts, rowCounts) => {
    const frames = parts.map((part) => partsOfFrame(part) ?? unfit("a data frame"));
    assertRows(
      frames.map(({ rows }) => rows),
      rowCounts,
    );
    return createFrame(joinFrames(frames));
  },
};

/** Of `rows` that tensors tell those that hold anything: a shape of no elements may tell any number, which is neither cut nor waited for. */
function rowsIn(tensors: readonly unknown[], rows: number): number {
  return Math.min(rows, Math.max(...tensors.map((tensor) => (isTensor(tensor) ? tensor.data.length : rows))));
}

function joinLists(parts: readonly unknown[], rowCounts: readonly number[]): unknown {
  const lists = parts.map((part): readonly unknown[] => (Array.isArray(part) ? part : unfit("a list")));
  assertRows(
    lists.map(({ length }) => length),
    rowCounts,
  );
  return lists.flat();
}

/** Rows of each part of a value that has `rows`. */
function countsOf(rows: number, maxRows: number): number[] {
  const counts: number[] = [];
  for (let left = rows; left > 0; left -= maxRows) counts.push(Math.min(left, maxRows));
  return counts;
}

function assertRows(got: readonly (number | undefined)[], expected: readonly number[]): void {
  if (got.every((rows, part) => rows === expected[part])) return;
  throw new ServingError(
    "INTERNAL",
    `an input of more rows than batch.maxSize was split, and its parts of ${few(expected)} rows were answered with ${few(got)}: expected a row of output for each of input`,
  );
}

function few(rows: readonly (number | undefined)[]): string {
  return rows.length > 10 ? `${rows.slice(0, 10).join(", ")}, …` : rows.join(", ");
}

function unfit(expected: string): never {
  throw new ServingError("INTERNAL", `the output of a part of an input does not fit its type: expected ${expected}`);
}

function tensorOf(value: unknown): Tensor {
  return isTensor(value) ? value : unfit("a tensor");
}

function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null || !("dtype" in value) || !("shape" in value) || !("data" in value))
    return false;
  return typeof value.dtype === "string" && isDType(value.dtype) && Array.isArray(value.shape);
}

function shapeOf(value: unknown): readonly number[] {
  return isTensor(value) ? value.shape : [];
}

function numberAt(value: unknown, name: string): number {
  const number: unknown = Reflect.get(Object(value), name);
  return typeof number === "number" ? number : 1;
}
