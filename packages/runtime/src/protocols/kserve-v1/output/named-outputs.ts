import type { DataFrameSpec, IoSpec } from "../../../io/types.ts";
import { isObject } from "../json-object.ts";

/**
 * The outputs of a result by name, each as JSON has it; undefined where the type has none but itself.
 *
 * Binary values are `{"b64": "…"}`: those of pictures, files and bytes, and texts of outputs whose name ends in `_bytes`. Source: TensorFlow Serving, "Output of binary values".
 */
export function namedOutputs(spec: IoSpec, value: unknown): ReadonlyMap<string, unknown> | undefined {
  switch (spec.kind) {
    case "tensors":
      return new Map(entriesOf(value).map(([name, nested]) => [name, asBinary(name, nested)]));
    case "dataFrame":
      return new Map([...columnsOf(spec, value)].map(([name, cells]) => [name, asBinary(name, cells)]));
    default:
      return undefined;
  }
}

/** A result of a type without names, as JSON has it. */
export function onlyOutput(spec: IoSpec, value: unknown): unknown {
  switch (spec.kind) {
    case "image":
    case "file":
    case "bytes":
      return { b64: value };
    case "multipart": {
      const members = entriesOf(value).map(([name, member]) => {
        const field = spec.fields[name];
        return [name, field === undefined ? member : asBinary(name, onlyOutput(field.spec, member))] as const;
      });
      return Object.fromEntries(members);
    }
    default:
      return value;
  }
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : [];
}

/** The columns of a frame as it was written in its orientation. */
function columnsOf({ key, columns, orient }: DataFrameSpec, value: unknown): ReadonlyMap<string, readonly unknown[]> {
  const frame = isObject(value) ? value[key] : undefined;
  const names = Object.keys(columns);
  return new Map(names.map((name, index) => [name, COLUMN_OF[orient](frame, name, index)]));
}

const COLUMN_OF = {
  records: (frame, name) => listOf(frame).map((row) => (isObject(row) ? row[name] : null)),
  split: (frame, _name, index) =>
    listOf(isObject(frame) ? frame["data"] : undefined).map((row) => (Array.isArray(row) ? row[index] : null)),
  columns: (frame, name) => listOf(isObject(frame) ? frame[name] : undefined),
} as const satisfies Record<
  DataFrameSpec["orient"],
  (frame: unknown, name: string, index: number) => readonly unknown[]
>;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asBinary(name: string, value: unknown): unknown {
  return name.endsWith("_bytes") ? withBinary(value) : value;
}

function withBinary(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBinary);
  return typeof value === "string" ? { b64: Buffer.from(value).toString("base64") } : value;
}
