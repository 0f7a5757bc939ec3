/** A graph input or output; without a shape its rank is free, "" is a free size without a name. */
export interface TinyValue {
  readonly name: string;
  readonly type: keyof typeof ELEMENT_TYPES;
  readonly shape?: readonly (number | string)[];
}

export interface TinyModel {
  readonly inputs: readonly TinyValue[];
  readonly outputs: readonly TinyValue[];
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  /** float32 weights that are all 0, by name. */
  readonly zeros?: Readonly<Record<string, readonly number[]>>;
  /** float32 weights in a file beside the model, one that is all of it, by name. */
  readonly external?: Readonly<Record<string, { readonly shape: readonly number[]; readonly file: string }>>;
}

/** The bytes of an ONNX model of operator set 13, for what the committed models do not show. Source: onnx.proto. */
export function tinyOnnx({ inputs, outputs, nodes, zeros = {}, external = {} }: TinyModel): Uint8Array {
  const graph = [
    ...nodes.map(({ op, inputs: from, outputs: to }) =>
      part(1, ...from.map((name) => text(1, name)), ...to.map((name) => text(2, name)), text(4, op)),
    ),
    text(2, "tiny"),
    ...Object.entries(zeros).map(([name, shape]) =>
      part(5, ...shape.map((size) => int(1, size)), int(2, 1), text(8, name), part(9, zeroFloats(shape))),
    ),
    ...Object.entries(external).map(([name, { shape, file }]) =>
      part(5, ...shape.map((size) => int(1, size)), int(2, 1), text(8, name), entry("location", file), int(14, 1)),
    ),
    ...inputs.map((value) => valueInfo(11, value)),
    ...outputs.map((value) => valueInfo(12, value)),
  ];
  return Uint8Array.from([...int(1, 8), ...part(7, ...graph), ...part(8, int(2, 13))]);
}

const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7 } as const;

function valueInfo(field: number, { name, type, shape }: TinyValue): number[] {
  const dims = (shape ?? []).map((size) => part(1, typeof size === "number" ? int(1, size) : text(2, size)));
  return part(
    field,
    text(1, name),
    part(2, part(1, int(1, ELEMENT_TYPES[type]), ...(shape === undefined ? [] : [part(2, ...dims)]))),
  );
}

function zeroFloats(shape: readonly number[]): number[] {
  return Array.from<number>({ length: 4 * shape.reduce((product, size) => product * size, 1) }).fill(0);
}

function entry(key: string, value: string): number[] {
  return part(13, text(1, key), text(2, value));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function int(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function part(field: number, ...body: readonly number[][]): number[] {
  const bytes = body.flat();
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
}

function text(field: number, value: string): number[] {
  return part(field, [...Buffer.from(value)]);
}
