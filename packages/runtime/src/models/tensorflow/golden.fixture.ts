import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DTYPES, type DType } from "../../tensor/dtype.ts";
import { fromBytes } from "../../tensor/raw.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";

/** Folder of the committed SavedModels. */
export const SAVED_MODELS = fileURLToPath(new URL("../../../../../test/models/tensorflow", import.meta.url));

/** A call of a signature and what TensorFlow for Python answered. */
export interface GoldenCall {
  readonly signature: string;
  readonly feeds: NamedTensors;
  readonly results: NamedTensors;
}

/** The golden calls of a committed SavedModel. */
export function goldenCalls(model: "kinds" | "mlp"): readonly GoldenCall[] {
  const calls = JSON.parse(readFileSync(`${SAVED_MODELS}/${model}.golden.json`, "utf8")) as readonly GoldenJson[];
  return calls.map(({ signature, feeds, results }) => ({
    signature,
    feeds: toTensors(feeds),
    results: toTensors(results),
  }));
}

interface GoldenJson {
  readonly signature: string;
  readonly feeds: Readonly<Record<string, TensorJson>>;
  readonly results: Readonly<Record<string, TensorJson>>;
}

interface TensorJson {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: string[];
}

function toTensors(named: Readonly<Record<string, TensorJson>>): NamedTensors {
  return Object.fromEntries(Object.entries(named).map(([name, tensor]): [string, Tensor] => [name, toTensor(tensor)]));
}

function toTensor({ dtype, shape, data }: TensorJson): Tensor {
  if (dtype === "string") return { dtype, shape, data };
  const bytes = DTYPES[dtype].bytes;
  const view = new DataView(new ArrayBuffer(data.length * bytes));
  data.forEach((text, index) => SETTERS[dtype](view, index * bytes, text));
  return fromBytes(new Uint8Array(view.buffer), dtype, shape);
}

type Setter = (view: DataView, at: number, text: string) => void;

const SETTERS: Readonly<Record<Exclude<DType, "string">, Setter>> = {
  float32: (view, at, text) => view.setFloat32(at, Number(text), true),
  float64: (view, at, text) => view.setFloat64(at, Number(text), true),
  float16: (view, at, text) => view.setUint16(at, HALF_BITS[text] ?? Number.NaN, true),
  bfloat16: () => {
    throw new Error("no golden has bfloat16");
  },
  int8: (view, at, text) => view.setInt8(at, Number(text)),
  uint8: (view, at, text) => view.setUint8(at, Number(text)),
  int16: (view, at, text) => view.setInt16(at, Number(text), true),
  uint16: (view, at, text) => view.setUint16(at, Number(text), true),
  int32: (view, at, text) => view.setInt32(at, Number(text), true),
  uint32: (view, at, text) => view.setUint32(at, Number(text), true),
  int64: (view, at, text) => view.setBigInt64(at, BigInt(text), true),
  uint64: (view, at, text) => view.setBigUint64(at, BigInt(text), true),
  bool: (view, at, text) => view.setUint8(at, Number(text)),
};

// IEEE 754 binary16 by hand: 0.1 rounds to 1.599609375 · 2^-4; the lowest finite number; 6e-8 is the smallest above 0.
const HALF_BITS: Readonly<Record<string, number>> = {
  "0.0999755859375": 0x2e66,
  "-65504.0": 0xfbff,
  "5.960464477539063e-08": 0x0001,
};
