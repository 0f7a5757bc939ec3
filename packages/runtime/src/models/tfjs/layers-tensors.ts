import type { Tensors } from "./graph-tensors.ts";
import { isObject, type JsonObject, listAt, notReadable, objectAt, quoted, textAt } from "./json-value.ts";
import { layerShape, type LayerShape } from "./layer-shapes.ts";
import type { TfjsTensor } from "./types.ts";

/**
 * Inputs and outputs of a LayersModel: they are called as their layers, as TensorFlow.js has it, and outputs are float32.
 *
 * The shape of an output is worked out layer by layer; it stays open behind a layer whose rule is not known here. Throws FAILED_PRECONDITION for another
 * topology, and for a layer that keeps a state from one call to the next.
 * Source: tfjs-layers, Sequential.fromConfig and Container.fromConfig; Keras' JSON.
 */
export function layersTensors(topology: JsonObject): Tensors {
  const model = parseModel(objectAt(topology, "model_config") ?? topology);
  return { inputs: model.inputs, outputs: model.outputs };
}

interface Model extends Tensors {
  /** Of its only output; open where it has several. */
  readonly shape: LayerShape | undefined;
}

interface Layer {
  readonly type: string;
  readonly name: string;
  readonly config: JsonObject;
  readonly inbound: readonly unknown[];
}

function parseModel(model: JsonObject): Model {
  const type = textAt(model, "class_name");
  if (type === "Sequential") return parseSequential(model);
  if (type === "Functional" || type === "Model") return parseFunctional(model);
  throw notReadable(
    `expected "modelTopology" of a Sequential or Functional model, as a layers-model has, got ${quoted(model["class_name"])}`,
  );
}

function parseSequential(model: JsonObject): Model {
  const config = model["config"];
  const layers = (Array.isArray(config) ? config : listAt(isObject(config) ? config : {}, "layers"))?.map(toLayer);
  const [first] = layers ?? [];
  const last = layers?.at(-1);
  if (layers === undefined || first === undefined || last === undefined) throw notReadable("its model has no layers");
  const inputs = isNested(first.type)
    ? parseModel(first.config).inputs
    : [inputOf(first, first.type === "InputLayer" ? "" : "_input")];
  const [start] = inputs;
  const shape = layers.reduce<LayerShape | undefined>(
    (before, layer) => (layer.type === "InputLayer" ? before : shapeBehind(layer, [before])),
    start?.shape,
  );
  return { inputs, outputs: [toOutput(last.name, shape)], shape };
}

function parseFunctional(model: JsonObject): Model {
  const config = objectAt(model, "config") ?? {};
  const layers = new Map((listAt(config, "layers") ?? []).map(toLayer).map((layer) => [layer.name, layer]));
  const inputs = endsOf(config, "input_layers").map(({ name }) => inputOf(layerNamed(layers, name), ""));
  const shapes = new Map<string, LayerShape | undefined>();
  const shapeOf = (name: string, call: number): LayerShape | undefined => {
    const key = `${call} ${name}`;
    if (shapes.has(key)) return shapes.get(key);
    // A layer that needs itself, as no model has: its shape stays open.
    shapes.set(key, undefined);
    const layer = layerNamed(layers, name);
    const before = sourcesOf(layer.inbound[call]).map((source) =>
      source.index === 0 ? shapeOf(source.name, source.call) : undefined,
    );
    const shape = layer.type === "InputLayer" ? inputOf(layer, "").shape : shapeBehind(layer, before);
    shapes.set(key, shape);
    return shape;
  };
  const names = new Set<string>();
  const outputs = endsOf(config, "output_layers").map(({ name, call, index }) => {
    const shape = index === 0 ? shapeOf(name, call) : undefined;
    if (names.has(name)) throw notReadable(`two of its outputs are called ${quoted(name)}: name their layers apart`);
    names.add(name);
    return toOutput(name, shape);
  });
  if (inputs.length === 0 || outputs.length === 0) throw notReadable("its model has no input_layers or output_layers");
  return { inputs, outputs, shape: outputs.length === 1 ? outputs[0]?.shape : undefined };
}

function toLayer(layer: unknown): Layer {
  const config = isObject(layer) ? objectAt(layer, "config") : undefined;
  const type = isObject(layer) ? textAt(layer, "class_name") : "";
  const name = config === undefined ? "" : textAt(config, "name") || (isObject(layer) ? textAt(layer, "name") : "");
  if (!isObject(layer) || type === "" || name === "")
    throw notReadable(`expected layers with class_name and a config with a name, got ${quoted(layer)}`);
  if (config?.["stateful"] === true || objectAt(objectAt(config ?? {}, "layer") ?? {}, "config")?.["stateful"] === true)
    throw notReadable(
      `the layer ${quoted(name)} is stateful: what one caller sent would show in the next one's answer`,
    );
  // A model inside this one has its layers in its config.
  return { type, name, config: isNested(type) ? layer : (config ?? {}), inbound: listAt(layer, "inbound_nodes") ?? [] };
}

function isNested(type: string): boolean {
  return type === "Sequential" || type === "Functional" || type === "Model";
}

function shapeBehind(layer: Layer, before: readonly (LayerShape | undefined)[]): LayerShape | undefined {
  if (isNested(layer.type)) return parseModel(layer.config).shape;
  const known = before.flatMap((shape) => (shape === undefined ? [] : [shape]));
  return known.length === before.length ? layerShape(layer.type, layer.config, known) : undefined;
}

function layerNamed(layers: ReadonlyMap<string, Layer>, name: string): Layer {
  const found = layers.get(name);
  if (found === undefined) throw notReadable(`its model has no layer ${quoted(name)}, which another one names`);
  return found;
}

function inputOf({ name, type, config }: Layer, ending: string): TfjsTensor {
  const sizes = listAt(config, "batch_input_shape") ?? listAt(config, "batch_shape");
  const shape = sizes?.map((size) => (size === null || typeof size === "number" ? size : Number.NaN));
  if (shape === undefined || !shape.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0)))
    throw notReadable(`the layer ${quoted(name)} (${type}) comes first and has no batch_input_shape`);
  const dtype = textAt(config, "dtype") || "float32";
  return { name: `${name}${ending}`, ...typeOf(dtype), shape };
}

/** Element types by TensorFlow.js's own names. */
function typeOf(dtype: string): Pick<TfjsTensor, "type" | "dtype"> {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool" || dtype === "string") return { type: dtype, dtype };
  return { type: dtype };
}

function toOutput(name: string, shape: LayerShape | undefined): TfjsTensor {
  return { name, type: "float32", dtype: "float32", ...(shape === undefined ? {} : { shape }) };
}

/** A tensor of a model: of which call of which layer, and which of its results. */
interface End {
  readonly name: string;
  readonly call: number;
  readonly index: number;
}

/** `[["dense", 0, 0]]`; the only one may stand without the outer list. */
function endsOf(config: JsonObject, key: string): readonly End[] {
  const list = listAt(config, key) ?? [];
  return (typeof list[0] === "string" ? [list] : list).map(toEnd);
}

function toEnd(end: unknown): End {
  const [name, call = 0, index = 0]: readonly unknown[] = Array.isArray(end) ? end : [];
  if (typeof name !== "string" || typeof call !== "number" || typeof index !== "number")
    throw notReadable(`expected a layer's name with two numbers, got ${quoted(end)}`);
  return { name, call, index };
}

/** What one call of a layer takes: `[["a", 0, 0, {}], ["b", 0, 0, {}]]`. */
function sourcesOf(call: unknown): readonly End[] {
  return Array.isArray(call) ? call.map(toEnd) : [];
}
