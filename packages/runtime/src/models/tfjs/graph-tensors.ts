import { type JsonObject, isObject, listAt, notReadable, objectAt, quoted, textAt } from "./json-value.ts";
import { dataTypeNamed } from "../saved-model/index.ts";
import type { TfjsTensor } from "./types.ts";

/** Inputs and outputs of a model. */
export interface Tensors {
  readonly inputs: readonly TfjsTensor[];
  readonly outputs: readonly TfjsTensor[];
}

/**
 * Inputs and outputs of a GraphModel by its signature, sorted by name.
 *
 * Throws FAILED_PRECONDITION when its graph has no nodes, or when it has no signature, which tells their names, types and shapes.
 * Source: SignatureDef of TensorFlow's meta_graph.proto in its JSON form; tfjs-converter's GraphModel, of which the author's metadata goes first.
 */
export function graphTensors(json: JsonObject, topology: JsonObject): Tensors {
  const nodes = listAt(topology, "node");
  if (nodes === undefined || !nodes.every((node) => isObject(node) && typeof node["op"] === "string"))
    throw notReadable('expected "modelTopology" with a list of nodes, as a graph-model has');
  const signature = objectAt(objectAt(json, "userDefinedMetadata") ?? {}, "signature") ?? objectAt(json, "signature");
  const outputs = signature === undefined ? undefined : objectAt(signature, "outputs");
  if (signature === undefined || outputs === undefined)
    throw notReadable("it has no signature with names and types: convert the model anew, with tensorflowjs 2 or newer");
  return { inputs: tensorsOf(objectAt(signature, "inputs") ?? {}), outputs: tensorsOf(outputs) };
}

function tensorsOf(entries: JsonObject): readonly TfjsTensor[] {
  return (
    Object.entries(entries)
      // A table or variable that the initialiser makes: no caller gives it.
      .filter(([, info]) => !isObject(info) || info["resourceId"] === undefined || info["resourceId"] === null)
      .map(([name, info]) => toTensor(name, info))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  );
}

function toTensor(name: string, info: unknown): TfjsTensor {
  if (!isObject(info))
    throw notReadable(`signature: expected name, dtype and shape of ${quoted(name)}, got ${quoted(info)}`);
  return { name, ...dataTypeNamed(info["dtype"]), ...shapeOf(name, objectAt(info, "tensorShape") ?? {}) };
}

/** A shape without axes is a scalar's; one of unknown rank says so. */
function shapeOf(name: string, shape: JsonObject): Pick<TfjsTensor, "shape"> {
  if (shape["unknownRank"] === true) return {};
  const sizes = (listAt(shape, "dim") ?? []).map((dim) => {
    // 64-bit numbers are texts in protobuf's JSON, and a size of 0 is the default, which may be left out.
    const size = isObject(dim) ? Number(textAt(dim, "size") || (dim["size"] ?? 0)) : Number.NaN;
    if (!Number.isSafeInteger(size))
      throw notReadable(`signature: expected sizes of ${quoted(name)}, got ${quoted(dim)}`);
    return size < 0 ? null : size;
  });
  return { shape: sizes };
}
