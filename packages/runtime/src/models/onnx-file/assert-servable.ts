import { ServingError, type Problem } from "../../errors.ts";
import type { OnnxFileInfo, OnnxValueInfo } from "./types.ts";

/** An output that answers leave out, and why, as a sentence. */
export interface LeftOutOutput {
  readonly name: string;
  readonly reason: string;
}

/**
 * Checks that every input can be fed and that at least one output can be answered, and names the outputs that answers leave out
 * (those that are not tensors, such as what a ZipMap makes).
 *
 * Throws FAILED_PRECONDITION with one problem, in words, for each input and output that cannot be served (`/inputs/NAME`, `/outputs/NAME`).
 */
export function assertServable(info: OnnxFileInfo): { readonly leftOut: readonly LeftOutOutput[] } {
  const problems: Problem[] = [];
  for (const input of info.inputs) {
    const message =
      input.type === "tensor" ? dtypeProblem(input) : `is ${describe(input)}, and only tensors can be fed`;
    if (message !== undefined) problems.push({ path: pointer("inputs", input.name), message });
  }
  const leftOut: LeftOutOutput[] = [];
  for (const output of info.outputs) {
    const message = output.type === "tensor" ? dtypeProblem(output) : undefined;
    if (message !== undefined) problems.push({ path: pointer("outputs", output.name), message });
    if (isLeftOut(output))
      leftOut.push({ name: output.name, reason: `it is ${describe(output)}, not a tensor${hintFor(info)}` });
  }
  if (leftOut.length === info.outputs.length) {
    const found = leftOut.map(({ name, reason }) => `"${name}": ${reason}`).join("; ");
    problems.push({
      path: "/outputs",
      message: `expected at least one tensor, got ${found === "" ? "no output" : found}`,
    });
  }
  if (problems.length > 0) throw notServable(problems);
  return { leftOut };
}

function notServable(problems: readonly Problem[]): ServingError {
  const text = problems.map(({ path, message }) => `${path} ${message}`).join("; ");
  return new ServingError("FAILED_PRECONDITION", `this ONNX model cannot be served: ${text}`, { problems });
}

/** Why a tensor of this element type cannot be carried; undefined when it can. */
function dtypeProblem(value: OnnxValueInfo): string | undefined {
  if (value.dtype === "bfloat16")
    return "is bfloat16, which ONNX Runtime for Node cannot load on a CPU; export the model with float32 or float16";
  if (value.dtype === undefined)
    return `is a ${value.description ?? "tensor of unknown type"}, an element type that cannot be served; cast it inside the model`;
  return undefined;
}

// The type of an output may be left to the engine, which knows it once the model is loaded.
function isLeftOut(output: OnnxValueInfo): boolean {
  return output.type !== "tensor" && output.type !== "unknown";
}

function describe(value: OnnxValueInfo): string {
  if (value.type === "unknown") return "of no declared type";
  const words = value.description ?? value.type;
  return `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;
}

function hintFor(info: OnnxFileInfo): string {
  return info.operators.includes("ai.onnx.ml:ZipMap")
    ? ' (export with skl2onnx option "zipmap": False to get a tensor)'
    : "";
}

/** JSON Pointer, RFC 6901: names of tensors often hold slashes. */
function pointer(list: "inputs" | "outputs", name: string): string {
  return `/${list}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
