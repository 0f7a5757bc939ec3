import { posix } from "node:path";
import { isObject, type JsonObject, listAt, notReadable, objectAt, quoted, textAt } from "./json-value.ts";
import type { WeightGroup } from "./types.ts";

/** Bytes of one element. Source: DTYPE_VALUE_SIZE_MAP of tfjs-core/src/io/types.ts. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

/**
 * The files of weights that a `model.json` names, with what they must hold.
 *
 * Throws FAILED_PRECONDITION for a manifest of another form, and for a path that is absolute or climbs: whoever copies or opens the files that a model
 * names must never be led out of its folder.
 */
export function parseWeights(json: JsonObject): readonly WeightGroup[] {
  return (listAt(json, "weightsManifest") ?? []).map((group, index) => {
    const paths = isObject(group) ? listAt(group, "paths") : undefined;
    const weights = isObject(group) ? listAt(group, "weights") : undefined;
    if (paths === undefined || weights === undefined)
      throw notReadable(`weightsManifest[${index}]: expected the lists "paths" and "weights", got ${quoted(group)}`);
    return { paths: paths.map(innerPath), byteLength: sum(weights.map(byteLengthOf)) };
  });
}

function innerPath(path: unknown): string {
  if (typeof path !== "string" || path === "")
    throw notReadable(`weightsManifest: expected paths of files, got ${quoted(path)}`);
  // Windows reads a backslash as a separator and "C:" as a drive, so both count wherever the model is opened.
  const climbs = path.split(/[/\\]/).includes("..");
  if (climbs || /^(?:[/\\]|[A-Za-z]+:)/.test(path) || path.includes("\0"))
    throw notReadable(`a file of weights must lie inside the model's folder, got ${quoted(path)}`);
  const normal = posix.normalize(path);
  if (normal === "." || normal.endsWith("/"))
    throw notReadable(`weightsManifest: expected a file, got the folder ${quoted(path)}`);
  return normal;
}

/** Undefined for texts, each of which has a length of its own. */
function byteLengthOf(weight: unknown): number | undefined {
  const shape = isObject(weight) ? listAt(weight, "shape") : undefined;
  if (!isObject(weight) || textAt(weight, "name") === "" || shape === undefined || !shape.every(isSize))
    throw notReadable(`weightsManifest: expected weights with name, shape and dtype, got ${quoted(weight)}`);
  const quantization = objectAt(weight, "quantization");
  const dtype = textAt(quantization ?? weight, "dtype");
  if (dtype === "string") return undefined;
  const bytes = Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype] : undefined;
  if (bytes === undefined) {
    const known = [...Object.keys(ELEMENT_BYTES), "string"].join(", ");
    throw notReadable(
      `weight ${quoted(weight["name"])}: expected an element type among ${known}, got ${quoted(dtype)}`,
    );
  }
  return shape.reduce((product: number, length) => product * length, bytes);
}

function isSize(length: unknown): length is number {
  return Number.isSafeInteger(length) && Number(length) >= 0;
}

function sum(lengths: readonly (number | undefined)[]): number | undefined {
  return lengths.reduce(
    (total, length) => (total === undefined || length === undefined ? undefined : total + length),
    0,
  );
}
