import { writeFileSync } from "node:fs";

/** Sizes of the layers: 65 MiB of weights, past any cache, and little else. */
const LAYERS = [64, 4096, 4096, 16] as const;

/** Values that the network takes. */
export const MLP_INPUTS = LAYERS[0];

/** Writes an ONNX model: a multi-layer perceptron `x` [N,64] → `y` [N,16] in float32, whose weights have to be read from memory for each run. Source: onnx.proto. */
export function writeMlp(path: string): void {
  const layers = LAYERS.slice(1).map((columns, at) => ({ at, rows: LAYERS[at] ?? 0, columns }));
  const last = layers.length - 1;
  const nodes = layers.flatMap(({ at }) => {
    const product = at === last ? "y" : `h${at}`;
    const from = at === 0 ? "x" : `r${at - 1}`;
    const relu = at === last ? [] : [node("Relu", [product], `r${at}`)];
    return [node("MatMul", [from, `w${at}`], product), ...relu];
  });
  const weights = layers.map(({ at, rows, columns }) =>
    field(
      5,
      int(1, rows),
      int(1, columns),
      int(2, FLOAT),
      text(8, `w${at}`),
      field(9, floats(rows * columns, 1 / rows)),
    ),
  );
  const values = [value(11, "x", LAYERS[0]), value(12, "y", LAYERS[3])];
  const graph = field(7, ...nodes, text(2, "mlp"), ...weights, ...values);
  writeFileSync(path, Buffer.concat([int(1, 8), graph, field(8, int(2, 13))]));
}

/** Element type of TensorProto. */
const FLOAT = 1;

function node(op: string, inputs: readonly string[], output: string): Buffer {
  return field(1, ...inputs.map((name) => text(1, name)), text(2, output), text(4, op));
}

function value(number: number, name: string, width: number): Buffer {
  const shape = field(2, field(1, text(2, "N")), field(1, int(1, width)));
  return field(number, text(1, name), field(2, field(1, int(1, FLOAT), shape)));
}

/** Numbers that differ, so that nothing is folded away. */
function floats(count: number, scale: number): Buffer {
  const numbers = Float32Array.from({ length: count }, (_, at) => (((at * 2_654_435_761) % 1024) / 512 - 1) * scale);
  return Buffer.from(numbers.buffer);
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  for (let left = number; left >= 0; left = left < 128 ? -1 : Math.floor(left / 128))
    bytes.push(left < 128 ? left : (left % 128) + 128);
  return Buffer.from(bytes);
}

function int(number: number, content: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(content)]);
}

function field(number: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint(number * 8 + 2), varint(length), ...content]);
}

function text(number: number, content: string): Buffer {
  return field(number, Buffer.from(content));
}
