import { type Problem, ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { TensorInfo } from "../types.ts";
import type { TfjsInfo, TfjsTensor } from "./types.ts";

/** Element types that TensorFlow.js has. */
export type TfjsDType = "float32" | "int32" | "bool" | "string";

/** As what the library computes each type that it carries: whole numbers that int32 has room for, and int64 as far as its numbers fit. */
export const CARRIED: Readonly<Partial<Record<DType, TfjsDType>>> = {
  float32: "float32",
  int32: "int32",
  int64: "int32",
  int8: "int32",
  uint8: "int32",
  bool: "bool",
  string: "string",
};

/** Inputs and outputs that can be carried. */
export interface ServableTensors {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** Checks that all tensors of a TF.js model can be carried. Throws FAILED_PRECONDITION with a problem for each that can't. */
export function assertServable({ inputs, outputs }: Pick<TfjsInfo, "inputs" | "outputs">): ServableTensors {
  const problems = [
    ...inputs.flatMap((tensor) => problemOf("inputs", tensor)),
    ...outputs.flatMap((tensor) => problemOf("outputs", tensor)),
    ...(outputs.length === 0 ? [{ path: "/outputs", message: "expected at least one tensor, got no output" }] : []),
  ];
  if (problems.length === 0) return { inputs: inputs.flatMap(toServable), outputs: outputs.flatMap(toServable) };
  const text = problems.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new ServingError("FAILED_PRECONDITION", `the TF.js model cannot be served: ${text}`, { problems });
}

function toServable({ name, dtype, shape }: TfjsTensor): TensorInfo[] {
  if (dtype === undefined) return [];
  return [shape === undefined ? { name, dtype, shape: [], anyRank: true } : { name, dtype, shape }];
}

function problemOf(list: "inputs" | "outputs", { name, type, dtype }: TfjsTensor): Problem[] {
  if (dtype !== undefined && CARRIED[dtype] !== undefined) return [];
  const path = `/${list}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return [
    { path, message: `is ${type}, an element type that TensorFlow.js does not compute; cast it inside the model` },
  ];
}
