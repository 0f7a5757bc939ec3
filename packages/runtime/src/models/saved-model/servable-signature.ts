import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import { nearestName } from "../../did-you-mean.ts";
import { formatTensorInfos } from "../feeds.ts";
import type { TensorInfo } from "../types.ts";
import type { SavedModelInfo, SavedModelSignature, SignatureTensor } from "./types.ts";

/** The signature that TensorFlow's exporters write when the author names none. */
const DEFAULT_SIGNATURE = "serving_default";

/** An input or output that can be carried, with the tensor of the graph that it stands for. */
export interface ServableTensor extends TensorInfo {
  readonly tensor: string;
}

/** A signature that can be served. */
export interface ServableSignature {
  readonly inputs: readonly ServableTensor[];
  readonly outputs: readonly ServableTensor[];
}

/**
 * The signature that is meant: the one that was named, else `serving_default`, else the only one.
 *
 * Throws FAILED_PRECONDITION, with a list of all signatures, where there is no such one or none is clear.
 */
export function chooseSignature({ signatures }: SavedModelInfo, wanted: string | undefined): SavedModelSignature {
  const name = wanted ?? (signatures.length === 1 ? signatures[0]?.name : DEFAULT_SIGNATURE);
  const found = signatures.find((signature) => signature.name === name);
  if (found !== undefined) return found;
  const meant =
    wanted === undefined
      ? undefined
      : nearestName(
          wanted,
          signatures.map((signature) => signature.name),
        );
  const fault =
    wanted === undefined
      ? `expected one signature or "${DEFAULT_SIGNATURE}" among several: choose one by the option "signature"`
      : `unknown signature "${wanted}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
  throw new ServingError("FAILED_PRECONDITION", `${fault}; the model has ${listed(signatures)}`);
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

function toServable({ name, tensor, dtype, shape }: SignatureTensor): ServableTensor[] {
  if (tensor === undefined || dtype === undefined) return [];
  return [shape === undefined ? { name, tensor, dtype, shape: [], anyRank: true } : { name, tensor, dtype, shape }];
}

function problemOf(list: "inputs" | "outputs", tensor: SignatureTensor): { path: string; message: string }[] {
  if (tensor.tensor !== undefined && tensor.dtype !== undefined && isCarried(tensor.dtype)) return [];
  const message = `is ${tensor.type}, an element type that cannot be served; cast it inside the model`;
  return [{ path: `/${list}/${tensor.name.replaceAll("~", "~0").replaceAll("/", "~1")}`, message }];
}

/** No protocol has a name for bfloat16 that every client knows. */
function isCarried(dtype: DType): boolean {
  return dtype !== "bfloat16";
}

function listed(signatures: readonly SavedModelSignature[]): string {
  if (signatures.length === 0) return "none: export it with signatures=";
  return signatures
    .map(({ name, inputs }) => {
      const servable = inputs.flatMap(toServable);
      return `"${name}" (takes ${servable.length === 0 ? "nothing" : formatTensorInfos(servable)})`;
    })
    .join(", ");
}
