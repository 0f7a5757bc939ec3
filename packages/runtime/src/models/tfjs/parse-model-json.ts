import { graphTensors } from "./graph-tensors.ts";
import { isObject, type JsonObject, listAt, notReadable, objectAt, quoted, textAt } from "./json-value.ts";
import { layersTensors } from "./layers-tensors.ts";
import type { TfjsInfo, TfjsVariant } from "./types.ts";
import { parseWeights } from "./weights-manifest.ts";

/** A `model.json` that was looked through: what it says, and the JSON for the library. */
export interface ModelJson {
  readonly info: TfjsInfo;
  readonly json: JsonObject;
  readonly topology: JsonObject;
}

/**
 * Parses the text of a `model.json`, without TensorFlow.js.
 *
 * Throws FAILED_PRECONDITION, with what was expected and what came, for anything but a whole GraphModel or LayersModel, and for a file of weights that
 * would lie outside of the model's folder.
 */
export function parseModelJson(text: string): ModelJson {
  const json = parseJson(text);
  if (!isObject(json)) throw notReadable(`expected a JSON object, got ${quoted(json)}`);
  const topology = objectAt(json, "modelTopology");
  if (topology === undefined || listAt(json, "weightsManifest") === undefined) {
    const keys = Object.keys(json).slice(0, 8);
    const got = keys.length === 0 ? "an object without keys" : keys.map(quoted).join(", ");
    throw notReadable(`expected the keys "modelTopology" and "weightsManifest", got ${got}`);
  }
  const variant = variantOf(json, topology);
  const tensors = variant === "graph-model" ? graphTensors(json, topology) : layersTensors(topology);
  const info = {
    variant,
    generatedBy: textAt(json, "generatedBy"),
    convertedBy: textAt(json, "convertedBy"),
    ...tensors,
    weights: parseWeights(json),
  };
  return { info, json, topology };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw notReadable(`expected JSON, got a text that is cut or damaged (${quoted(reason)})`, cause);
  }
}

/** Files of early converters do not name their format. */
function variantOf(json: JsonObject, topology: JsonObject): TfjsVariant {
  const { format } = json;
  if (format === "graph-model" || format === "layers-model") return format;
  if (format !== undefined && format !== null)
    throw notReadable(`expected the format "graph-model" or "layers-model", got ${quoted(format)}`);
  return listAt(topology, "node") === undefined ? "layers-model" : "graph-model";
}
