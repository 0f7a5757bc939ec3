import { ServingError } from "../../../errors.ts";
import type { DataFrameSpec, IoSpec, NanPolicy, Payload } from "../../../io/types.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { toNested } from "../../../tensor/to-nested.ts";
import type { ArrayKind, ReplyData } from "../types.ts";
import { madeUpNames, sizesOf } from "./column-names.ts";
import { toNumbers } from "./to-numbers.ts";

/** How a result is to be answered. */
export interface ReplyForm {
  /** Output type of the API. */
  readonly spec: IoSpec;
  /** Form of arrays: that of the request, "tensor" where it had none. */
  readonly kind: ArrayKind;
  readonly nan: NanPolicy;
}

/**
 * The data of a reply: numbers in the form that the request had, texts and truth values in arrays as nested lists, objects and bare values as JSON, texts and bytes as
 * themselves.
 *
 * Names are those of a data frame's columns, else `t:0`, `t:1`, … for each column of an array with two dimensions or more. Source: Seldon v1, "kind follows the request".
 */
export function toReplyData(output: Payload, { spec, kind, nan }: ReplyForm): ReplyData {
  switch (output.kind) {
    case "parts": {
      const [part] = output.parts;
      if (part === undefined) throw new ServingError("INTERNAL", "a result without bytes can't be written");
      return { kind: "binData", content: part.content };
    }
    case "tensors": {
      const tensors = Object.entries(output.tensors);
      const [only, ...others] = tensors;
      if (only !== undefined && others.length === 0) return fromTensor(only[1], { kind, nan });
      const lists = tensors.map(([name, tensor]) => [name, toNested(tensor, { path: `/${name}`, nan })] as const);
      return { kind: "jsonData", value: Object.fromEntries(lists) };
    }
    case "json":
      if (spec.kind === "dataFrame") return fromFrame(output.value, spec, kind);
      return fromJson(output.value, kind);
  }
}

/** An empty array in some form, without names. */
export function emptyArray(kind: ArrayKind, names: readonly string[] | undefined): ReplyData {
  if (kind === "ndarray") return { kind, names, values: [] };
  return { kind, names, tensor: { dtype: "float64", shape: [0], data: new Float64Array(0) } };
}

/** A branch as the array that orchestrators look for. */
export function branchArray(branch: number, kind: ArrayKind): ReplyData {
  return fromRows([[branch]], ["t:0"], kind);
}

type Form = Pick<ReplyForm, "kind" | "nan">;

function fromTensor(given: Tensor, { kind, nan }: Form): ReplyData {
  // A message has arrays only.
  const tensor = given.shape.length === 0 ? { ...given, shape: [1] } : given;
  const names = madeUpNames(tensor.shape);
  if (kind === "ndarray" || tensor.dtype === "string" || tensor.dtype === "bool") {
    const values = toNested(tensor, { nan });
    return { kind: "ndarray", names, values: Array.isArray(values) ? values : [values] };
  }
  return { kind, names, tensor };
}

function fromJson(value: unknown, kind: ArrayKind): ReplyData {
  if (typeof value === "string") return { kind: "strData", text: value };
  if (!Array.isArray(value)) return { kind: "jsonData", value };
  const numbers = toNumbers(value);
  const names = madeUpNames(numbers?.shape ?? sizesOf(value));
  return kind === "ndarray" || numbers === undefined
    ? { kind: "ndarray", names, values: value }
    : { kind, names, tensor: numbers };
}

function fromRows(rows: readonly (readonly unknown[])[], names: readonly string[], kind: ArrayKind): ReplyData {
  const numbers = kind === "ndarray" ? undefined : toNumbers(rows);
  if (kind === "ndarray" || numbers === undefined) return { kind: "ndarray", names, values: rows };
  return { kind, names, tensor: { ...numbers, shape: [rows.length, names.length] } };
}

/** The rows of a data frame, whatever its orientation. */
function fromFrame(value: unknown, spec: DataFrameSpec, kind: ArrayKind): ReplyData {
  const names = Object.keys(spec.columns);
  const frame: unknown = Reflect.get(value as object, spec.key);
  return fromRows(ORIENTS[spec.orient](frame as never, names), names, kind);
}

type Rows = readonly (readonly unknown[])[];

const ORIENTS = {
  records: (records: readonly Readonly<Record<string, unknown>>[], names): Rows =>
    records.map((record) => names.map((name) => record[name] ?? null)),
  split: ({ data }: { readonly data: Rows }): Rows => data,
  columns: (lists: Readonly<Record<string, readonly unknown[]>>, names): Rows =>
    (lists[names[0] ?? ""] ?? []).map((_, row) => names.map((name) => lists[name]?.[row] ?? null)),
} as const satisfies Record<DataFrameSpec["orient"], (frame: never, names: readonly string[]) => Rows>;
