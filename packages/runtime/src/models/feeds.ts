import { ServingError } from "../errors.ts";
import { DATA_CLASSES, isDType } from "../tensor/dtype.ts";
import { elementCount, fitsShape, formatShape } from "../tensor/shape.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";
import { nearestName } from "../did-you-mean.ts";
import type { TensorInfo } from "./types.ts";

/**
 * Checks that feeds are what the model takes: names, dtypes, shapes, one size for each named dimension, elements that fit shape and dtype.
 *
 * Throws INVALID_ARGUMENT that says all of what is wrong and what the model expects. The engine itself ignores unknown names.
 */
export function assertFeeds(inputs: readonly TensorInfo[], feeds: NamedTensors): void {
  if (typeof feeds !== "object" || feeds === null)
    throw wrongFeeds(inputs, [`expected tensors by name, got ${nameType(feeds)}`]);
  const faults = nameFaults(inputs, Object.keys(feeds));
  const bound: BoundSizes = new Map();
  for (const input of inputs) {
    const tensor: unknown = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
    if (tensor === undefined) continue;
    const fault = isTensorLike(tensor)
      ? (tensorFault(input, tensor) ?? bindSizes(input, tensor, bound))
      : notTensor(tensor);
    if (fault !== undefined) faults.push(`input "${input.name}": ${fault}`);
  }
  if (faults.length > 0) throw wrongFeeds(inputs, faults);
}

/** Writes what a model takes or gives: `x: float32 [N,13]; sr: int64 []`. */
export function formatTensorInfos(infos: readonly TensorInfo[]): string {
  const shown = infos.slice(0, MAX_SHOWN).map((info) => `${info.name}: ${formatType(info)}`);
  if (infos.length > MAX_SHOWN) shown.push(`… ${infos.length - MAX_SHOWN} more`);
  return shown.length === 0 ? "nothing" : shown.join("; ");
}

const MAX_SHOWN = 20;

function formatType(info: TensorInfo): string {
  return `${info.dtype} ${info.anyRank === true ? "of any shape" : formatShape(info.shape)}`;
}

function wrongFeeds(inputs: readonly TensorInfo[], faults: readonly string[]): ServingError {
  const text = faults.slice(0, MAX_SHOWN).join("; ");
  return new ServingError("INVALID_ARGUMENT", `${text}; the model expects ${formatTensorInfos(inputs)}`);
}

function nameFaults(inputs: readonly TensorInfo[], given: readonly string[]): string[] {
  if (given.length === inputs.length && inputs.every(({ name }) => given.includes(name))) return [];
  const known = new Set(inputs.map((input) => input.name));
  const missing = inputs.filter((input) => !given.includes(input.name)).map((input) => input.name);
  const unknown = given.filter((name) => !known.has(name));
  return [
    ...unknown.map((name) => {
      const meant = nearestName(name, missing);
      return `unknown input ${JSON.stringify(name.slice(0, 100))}${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
    }),
    ...missing.map((name) => `missing input "${name}"`),
  ];
}

// Plain JavaScript calls this too, and what it passes was checked by no compiler.
function isTensorLike(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null || !("dtype" in value) || !("shape" in value) || !("data" in value))
    return false;
  return typeof value.dtype === "string" && isDType(value.dtype) && Array.isArray(value.shape);
}

function notTensor(value: unknown): string {
  return `expected a tensor { dtype, shape, data }, got ${nameType(value)}`;
}

function nameType(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "without prototype"})`;
}

function tensorFault(input: TensorInfo, tensor: Tensor): string | undefined {
  const { dtype, shape, data } = tensor;
  if (dtype !== input.dtype || (input.anyRank !== true && !fitsShape(shape, input.shape))) {
    return `expected ${formatType(input)}, got ${dtype} ${formatShape(shape)}`;
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    return `expected sizes that are whole numbers ≥ 0, got ${formatShape(shape)}`;
  }
  const dataClass = DATA_CLASSES[dtype];
  if (!(data instanceof dataClass)) return `expected its data in a ${dataClass.name}, got ${nameType(data)}`;
  const expected = elementCount(shape);
  // Memory that was transferred elsewhere reads as empty.
  if (data.length !== expected)
    return `shape ${formatShape(shape)} needs ${expected} elements, its data holds ${data.length}`;
  return elementFault(tensor);
}

/** What the type of the array does not promise: each text is one, and a bool is 0 or 1 (the engine would compute with any byte). */
function elementFault(tensor: Tensor): string | undefined {
  if (tensor.dtype === "bool") {
    const index = tensor.data.findIndex((byte) => byte > 1);
    return index < 0 ? undefined : `element ${index}: expected a bool as 0 or 1, got ${tensor.data[index]}`;
  }
  if (tensor.dtype === "string") {
    const elements: readonly unknown[] = tensor.data;
    const index = elements.findIndex((text) => typeof text !== "string");
    return index < 0 ? undefined : `element ${index}: expected a text, got ${nameType(elements[index])}`;
  }
  return undefined;
}

type BoundSizes = Map<string, { readonly size: number; readonly input: string }>;

/** One name stands for one size, within an input and across all of them (ONNX IR, "Static tensor shapes"). */
function bindSizes(input: TensorInfo, tensor: Tensor, bound: BoundSizes): string | undefined {
  for (let axis = 0; axis < input.shape.length; axis += 1) {
    const name = input.shape[axis];
    const size = tensor.shape[axis];
    if (typeof name !== "string" || size === undefined) continue;
    const first = bound.get(name);
    if (first === undefined) bound.set(name, { size, input: input.name });
    else if (first.size !== size) {
      return `expected ${formatType(input)} with ${name} = ${first.size} as in input "${first.input}", got ${formatShape(tensor.shape)}`;
    }
  }
  return undefined;
}
