import { failed } from "../command-error.ts";
import { getText, type GetOptions } from "./get-text.ts";
import { encodeInfer } from "./encode-infer.ts";
import type { Shots } from "./native-shots.ts";
import { noAnswer } from "./no-answer.ts";
import { assertKnown, type Shapes, sizesOf } from "./sample-body.ts";
import type { Shot } from "./shot.ts";
import { elementsOf, type V2Input, type V2Tensor } from "./v2-tensor.ts";

const MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer";

/** Asks a server which inputs a model has. Throws CommandError for an answer that is none. */
export async function fetchInputs(base: URL, model: string, options: GetOptions): Promise<readonly V2Input[]> {
  const url = new URL(`${base.href.replace(/\/+$/, "")}/v2/models/${encodeURIComponent(model)}`);
  const { status, text } = await getText(url, options).catch((cause: unknown) => {
    throw noAnswer(base, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (status !== 200) throw failed(`${url.href} was answered with ${status}: ${text.slice(0, 300)}`);
  const inputs = parseInputs(text);
  if (inputs === undefined)
    throw failed(`${url.href}: expected metadata of a model over V2, got ${text.slice(0, 100)}`);
  return inputs;
}

function parseInputs(text: string): readonly V2Input[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const inputs = typeof value === "object" && value !== null && "inputs" in value ? value.inputs : undefined;
    return Array.isArray(inputs) && inputs.every(isInput) ? inputs : undefined;
  } catch {
    return undefined;
  }
}

function isInput(value: unknown): value is V2Input {
  if (typeof value !== "object" || value === null) return false;
  const { name, datatype, shape }: { name?: unknown; datatype?: unknown; shape?: unknown } = value;
  return (
    typeof name === "string" &&
    typeof datatype === "string" &&
    Array.isArray(shape) &&
    shape.every((size: unknown) => typeof size === "number")
  );
}

/** A call of a model over V2, every element of a tensor the same: what is known of it by name, else zero, or `text` where elements are BYTES. */
export function v2Shots(
  model: string,
  inputs: readonly V2Input[],
  { transport, shapes, text, fills }: V2Choices,
): Shots {
  const names = inputs.map(({ name }) => name);
  assertKnown(shapes, names);
  const tensors = inputs.map(({ name, datatype, shape }): V2Tensor => ({
    name,
    datatype,
    shape: sizesOf(name, shape, shapes),
    fill: fillOf(datatype, fills.get(name), text),
  }));
  const shown = tensors.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`).join("; ");
  return {
    shots: [transport === "grpc" ? grpcShot(model, tensors) : restShot(model, tensors)],
    input: `made up: ${shown}`,
  };
}

export interface V2Choices {
  readonly transport: "rest" | "grpc";
  readonly shapes: Shapes;
  readonly text: string;
  /** Elements that an input takes, by its name. */
  readonly fills: ReadonlyMap<string, V2Tensor["fill"]>;
}

function fillOf(datatype: string, known: V2Tensor["fill"] | undefined, text: string): V2Tensor["fill"] {
  if (datatype === "BYTES") return typeof known === "string" ? known : text;
  if (datatype === "BOOL") return known === true;
  return typeof known === "number" ? known : 0;
}

function grpcShot(model: string, tensors: readonly V2Tensor[]): Shot {
  return { path: MODEL_INFER, headers: {}, body: encodeInfer(model, tensors) };
}

function restShot(model: string, tensors: readonly V2Tensor[]): Shot {
  const inputs = tensors.map(({ name, datatype, shape, fill }) => {
    return { name, datatype, shape, data: Array.from({ length: elementsOf(shape) }, () => fill) };
  });
  return {
    path: `/v2/models/${encodeURIComponent(model)}/infer`,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ inputs })),
  };
}
