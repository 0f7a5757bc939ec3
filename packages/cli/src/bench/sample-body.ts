import type { ApiDefinition, IoSpec, JsonValue } from "@bento-ts/runtime/definition";
import { wrongUsage } from "../command-error.ts";
import { sampleValue } from "../serve/sample-value.ts";
import { elementsOf } from "./v2-tensor.ts";

/** Shapes of inputs by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A body in JSON that an API may well take, made up from its type. Throws CommandError for one that can't be made up: pictures, files, several parts. */
export function sampleBody({ name, input }: Pick<ApiDefinition, "name" | "input">, shapes: Shapes): JsonValue {
  if (["image", "file", "bytes", "multipart"].includes(input.kind))
    throw wrongUsage(
      `an input of "${name}" can't be made up: give the API a golden example, or name a file with --data`,
    );
  const tensors = input.kind === "tensors" ? Object.keys(input.tensors) : input.kind === "tensor" ? [ONE_TENSOR] : [];
  assertKnown(shapes, tensors);
  return valueOf(input, shapes);
}

/** What V2 calls a tensor that is all of an input. */
const ONE_TENSOR = "input";

/** Throws CommandError for a shape of a tensor that is not among those that are made up. */
export function assertKnown(shapes: Shapes, names: readonly string[]): void {
  const stranger = Object.keys(shapes).find((name) => !names.includes(name));
  if (stranger === undefined) return;
  const known = names.length === 0 ? "none at all" : `it has ${names.join(", ")}`;
  throw wrongUsage(`--shape: the input has no tensor ${JSON.stringify(stranger)}, ${known}`);
}

function valueOf(input: IoSpec, shapes: Shapes): JsonValue {
  if (input.kind === "tensor") return zeros(input.dtype, sizesOf(ONE_TENSOR, input.shape, shapes));
  if (input.kind !== "tensors") return sampleValue(input);
  return Object.fromEntries(
    Object.entries(input.tensors).map(([name, { dtype, shape }]) => [name, zeros(dtype, sizesOf(name, shape, shapes))]),
  );
}

/** Elements that may be made up: more would fill the memory as JSON. */
const MAX_ELEMENTS = 20_000_000;

/** Free sizes are one, unless the shape is given. Throws CommandError for one that is too large to make up. */
export function sizesOf(name: string, shape: readonly (number | null)[], shapes: Shapes): readonly number[] {
  const given = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  if (given === undefined) return shape.map((size) => (size === null || size < 0 ? 1 : size));
  if (elementsOf(given) <= MAX_ELEMENTS) return given;
  throw wrongUsage(`--shape: ${name} has ${elementsOf(given)} elements, at most ${MAX_ELEMENTS} are made up`);
}

function zeros(dtype: string, [size, ...rest]: readonly number[]): JsonValue {
  if (size === undefined) return dtype === "string" ? "text" : dtype === "bool" ? false : 0;
  return Array.from({ length: size }, () => zeros(dtype, rest));
}
