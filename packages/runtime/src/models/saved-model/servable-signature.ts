import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { TensorInfo } from "../types.ts";
import type { SavedModelSignature, SignatureTensor } from "./types.ts";

/** An input or output that can be carried, with the tensor of the graph that it stands for. */
export interface ServableTensor extends TensorInfo {
  readonly tensor: string;
}

/** A signature that can be served. */
export interface ServableSignature {
  readonly inputs: readonly ServableTensor[];
  readonly outputs: readonly ServableTensor[];
}

/** Checks that all tensors of a signature can be carried. Throws FAILED_PRECONDITION with a problem for each that can't. */
export function assertServable({ name, inputs, outputs }: SavedModelSignature): ServableSignature {
  const problems = [
    ...inputs.flatMap((tensor) => problemOf("inputs", tensor)),
    ...outputs.flatMap((tensor) => problemOf("outputs", tensor)),
    ...(outputs.length === 0 ? [{ path: "/outputs", message: "expected at least one tensor, got no output" }] : []),
  ];
  if (problems.length === 0) return { inputs: inputs.flatMap(toServable), outputs: outputs.flatMap(toServable) };
  const text = problems.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new ServingError("FAILED_PRECONDITION", `the signature "${name}" cannot be served: ${text}`, { problems });
}

/** The tensor as callers see it; none for what can't be carried. */
export function toServable({ name, tensor, dtype, shape }: SignatureTensor): ServableTensor[] {
  if (tensor === undefined || dtype === undefined) return [];
  return [shape === undefined ? { name, tensor, dtype, shape: [], anyRank: true } : { name, tensor, dtype, shape }];
}

function problemOf(list: "inputs" | "outputs", tensor: SignatureTensor): { path: string; message: string }[] {
  if (tensor.tensor !== undefined && tensor.dtype !== undefined && isCarried(tensor.dtype)) return [];
  const message =
    tensor.tensor === undefined
      ? `is a ${tensor.type}, and only dense tensors can be served; convert it inside the model`
      : `is ${tensor.type}, an element type that cannot be served; cast it inside the model`;
  return [{ path: `/${list}/${tensor.name.replaceAll("~", "~0").replaceAll("/", "~1")}`, message }];
}

/** No protocol has a name for bfloat16 that every client knows. */
function isCarried(dtype: DType): boolean {
  return dtype !== "bfloat16";
}
