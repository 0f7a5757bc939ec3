import type { DType } from "../tensor/dtype.ts";
import type { ColumnType, IoSpec } from "./types.ts";

/** One tensor of a value over tensor protocols; null leaves a size free. */
export interface IoTensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | null)[];
}

/**
 * The tensors that a type is read from and written as over tensor protocols, in order.
 *
 * A data frame is one tensor for each column, named tensors are themselves, a form is the tensors of its fields (`field`, or `field.column`); everything else is one tensor that is called
 * "input" or "output": a tensor itself, or BYTES [1] that holds JSON, a text, or base64. As an input the one tensor may have any name.
 */
export function tensorInfosOf(spec: IoSpec, direction: "input" | "output"): readonly IoTensorInfo[] {
  switch (spec.kind) {
    case "dataFrame":
      return Object.entries(spec.columns).map(([name, { type }]) => ({
        name,
        dtype: COLUMN_DTYPES[type],
        shape: [null],
      }));
    case "tensors":
      return Object.entries(spec.tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    case "tensor":
      return [{ name: direction, dtype: spec.dtype, shape: spec.shape }];
    case "multipart":
      return Object.entries(spec.fields).flatMap(([name, field]) => {
        const isGroup = field.spec.kind === "dataFrame" || field.spec.kind === "tensors";
        const infos = tensorInfosOf(field.spec, direction);
        return infos.map((info) => ({ ...info, name: isGroup ? `${name}.${info.name}` : name }));
      });
    case "json":
    case "image":
    case "file":
    case "text":
    case "bytes":
    case "list":
      return [{ name: direction, dtype: "string", shape: [1] }];
  }
}

const COLUMN_DTYPES = {
  float64: "float64",
  float32: "float32",
  int32: "int32",
  int64: "int64",
  bool: "bool",
  string: "string",
} as const satisfies Record<ColumnType, DType>;
