import type { ApiDefinition, IoSpec, JsonValue } from "@bento-ts/runtime/definition";
import { wrongUsage } from "../command-error.ts";
import { sampleValue } from "../serve/sample-value.ts";

/** Shapes of inputs by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A body in JSON that an API may well take, made up from its type. Throws CommandError for one that can't be made up: pictures, files, several parts. */
export function sampleBody({ name, input }: Pick<ApiDefinition, "name" | "input">, shapes: Shapes): JsonValue {
  if (["image", "file", "bytes", "multipart"].includes(input.kind))
    throw wrongUsage(
      `an input of "${name}" can't be made up: give the API a golden example, or name a file with --data`,
    );
  return valueOf(input, shapes);
}

function valueOf(input: IoSpec, shapes: Shapes): JsonValue {
  if (input.kind === "tensor") return zeros(input.dtype, sizesOf("", input.shape, shapes));
  if (input.kind !== "tensors") return sampleValue(input);
  return Object.fromEntries(
    Object.entries(input.tensors).map(([name, { dtype, shape }]) => [name, zeros(dtype, sizesOf(name, shape, shapes))]),
  );
}

/** Free sizes are one, unless the shape is given. */
export function sizesOf(name: string, shape: readonly (number | null)[], shapes: Shapes): readonly number[] {
  const given = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  return given ?? shape.map((size) => (size === null || size < 0 ? 1 : size));
}

function zeros(dtype: string, [size, ...rest]: readonly number[]): JsonValue {
  if (size === undefined) return dtype === "string" ? "text" : dtype === "bool" ? false : 0;
  return Array.from({ length: size }, () => zeros(dtype, rest));
}
