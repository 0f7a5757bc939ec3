import { ServingError } from "../errors.ts";
import { fitsShape, formatShape } from "../tensor/shape.ts";
import { nearestName } from "../did-you-mean.ts";
import { formatTensorInfos } from "./feeds.ts";
import type { ResolvedModelOptions } from "./handle-options.ts";
import type { ModelInfo } from "./types.ts";

/**
 * Checks what an author declared of a model against the model: its outputs with their dtypes, the shapes for warming up.
 *
 * Throws FAILED_PRECONDITION that lists all that differs and what the model takes and gives.
 */
export function assertDeclared(source: string, info: ModelInfo, { outputs, warmup }: ResolvedModelOptions): void {
  const faults = [
    ...Object.entries(outputs ?? {}).flatMap(([name, dtype]) => outputFault(info, name, dtype)),
    ...Object.entries(warmup === false ? {} : warmup).flatMap(([name, shape]) => shapeFault(info, name, shape)),
  ];
  if (faults.length === 0) return;
  const has = `the model takes ${formatTensorInfos(info.inputs)} and gives ${formatTensorInfos(info.outputs)}`;
  throw new ServingError("FAILED_PRECONDITION", `model "${source}": ${faults.join("; ")}; ${has}`);
}

function outputFault(info: ModelInfo, name: string, dtype: string): string[] {
  const output = info.outputs.find((candidate) => candidate.name === name);
  if (output !== undefined)
    return output.dtype === dtype ? [] : [`output "${name}" was declared as ${dtype}, it is ${output.dtype}`];
  const leftOut = info.leftOut.find((candidate) => candidate.name === name);
  if (leftOut !== undefined) return [`output "${name}" can't be had: ${leftOut.reason}`];
  return [unknownName("output", name, info.outputs)];
}

function shapeFault(info: ModelInfo, name: string, shape: readonly number[]): string[] {
  const input = info.inputs.find((candidate) => candidate.name === name);
  if (input === undefined) return [unknownName("warmup: input", name, info.inputs)];
  if (input.anyRank === true || fitsShape(shape, input.shape)) return [];
  return [`warmup: input "${name}" is ${formatShape(input.shape)}, got the shape ${formatShape(shape)}`];
}

function unknownName(what: string, name: string, known: ModelInfo["inputs"]): string {
  const meant = nearestName(
    name,
    known.map((info) => info.name),
  );
  return `unknown ${what} "${name}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
}
