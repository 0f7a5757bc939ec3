import { type JsonObject, listAt, objectAt, textAt } from "./json-value.ts";

/** Sizes of what a layer gives, the batch first; null for one that is free or was not worked out. */
export type LayerShape = readonly (number | null)[];

/**
 * The shape that a layer of Keras gives for what it takes; undefined where its rule is not known here.
 *
 * It serves to tell callers the number of axes before a model is loaded: sizes of pictures behind convolutions stay open.
 */
export function layerShape(type: string, config: JsonObject, inputs: readonly LayerShape[]): LayerShape | undefined {
  const [input] = inputs;
  const rule = Object.hasOwn(RULES, type) ? RULES[type] : undefined;
  return input === undefined ? undefined : rule?.(input, config, inputs);
}

type Rule = (input: LayerShape, config: JsonObject, inputs: readonly LayerShape[]) => LayerShape | undefined;

const same: Rule = (input) => input;
const dense: Rule = (input, config) => [...input.slice(0, -1), sizeAt(config, "units")];
const embedding: Rule = (input, config) => [...input, sizeAt(config, "output_dim")];
/** Of a picture only the channels are worked out: `filters`, or those that came in. */
const convolution: Rule = (input, config) => picture(input, config, sizeAt(config, "filters"));
const pooling: Rule = (input, config) => picture(input, config, channelsOf(input, config));
const globalPooling: Rule = (input, config) =>
  config["keepdims"] === true ? undefined : [input[0] ?? null, channelsOf(input, config)];
const merge: Rule = (input, _config, inputs) =>
  inputs.every(({ length }) => length === input.length)
    ? input.map((size, axis) => (inputs.every((other) => other[axis] === size) ? size : null))
    : undefined;
const recurrent: Rule = (input, config) => {
  if (config["return_state"] === true) return undefined;
  const units = sizeAt(config, "units");
  return config["return_sequences"] === true ? [input[0] ?? null, input[1] ?? null, units] : [input[0] ?? null, units];
};

const RULES: Readonly<Record<string, Rule>> = {
  ...all(same, "Activation ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax Dropout SpatialDropout1D GaussianNoise"),
  ...all(same, "GaussianDropout AlphaDropout BatchNormalization LayerNormalization Masking Rescaling"),
  ...all(convolution, "Conv1D Conv2D Conv3D SeparableConv2D Conv2DTranspose Conv3DTranspose"),
  ...all(pooling, "AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D"),
  ...all(pooling, "ZeroPadding2D UpSampling2D Cropping2D"),
  ...all(globalPooling, "GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D"),
  ...all(merge, "Add Subtract Multiply Average Maximum Minimum"),
  ...all(recurrent, "LSTM GRU SimpleRNN"),
  Dense: dense,
  Embedding: embedding,
  DepthwiseConv2D: (input, config) => {
    const channels = channelsOf(input, config);
    const multiplier = sizeAt(config, "depth_multiplier") ?? 1;
    return picture(input, config, channels === null ? null : channels * multiplier);
  },
  Flatten: ([batch = null, ...sizes]) => [batch, product(sizes)],
  Reshape: ([batch = null], config) => {
    const target = sizesAt(config, "target_shape");
    return target === undefined
      ? undefined
      : [batch, ...target.map((size) => (size === null || size < 0 ? null : size))];
  },
  Permute: (input, config) => {
    const axes = sizesAt(config, "dims");
    return axes === undefined ? undefined : [input[0] ?? null, ...axes.map((axis) => input[axis ?? 0] ?? null)];
  },
  RepeatVector: ([batch = null, size = null], config) => [batch, sizeAt(config, "n"), size],
  Concatenate: (input, config, inputs) => {
    const axis = typeof config["axis"] === "number" ? config["axis"] : -1;
    const at = axis < 0 ? input.length + axis : axis;
    const merged = merge(input, config, inputs);
    return merged?.map((size, index) => (index === at ? sum(inputs.map((one) => one[at] ?? null)) : size));
  },
  TimeDistributed: (input, config) => {
    const [batch = null, time = null, ...sizes] = input;
    const inside = wrapped(config, [batch, ...sizes]);
    return inside === undefined ? undefined : [batch, time, ...inside.slice(1)];
  },
  Bidirectional: (input, config) => {
    const inside = wrapped(config, input);
    const last = inside?.at(-1) ?? null;
    const mode = config["merge_mode"] === undefined ? "concat" : config["merge_mode"];
    if (inside === undefined || mode === null) return undefined;
    return mode === "concat" ? [...inside.slice(0, -1), last === null ? null : 2 * last] : inside;
  },
};

function all(rule: Rule, types: string): Record<string, Rule> {
  return Object.fromEntries(types.split(" ").map((type) => [type, rule]));
}

function wrapped(config: JsonObject, input: LayerShape): LayerShape | undefined {
  const layer = objectAt(config, "layer") ?? {};
  return layerShape(textAt(layer, "class_name"), objectAt(layer, "config") ?? {}, [input]);
}

function isChannelsFirst(config: JsonObject): boolean {
  return config["data_format"] === "channels_first";
}

function channelsOf(input: LayerShape, config: JsonObject): number | null {
  return (isChannelsFirst(config) ? input[1] : input.at(-1)) ?? null;
}

function picture(input: LayerShape, config: JsonObject, channels: number | null): LayerShape {
  const [batch = null, ...others] = input;
  const open = others.slice(1).map(() => null);
  return isChannelsFirst(config) ? [batch, channels, ...open] : [batch, ...open, channels];
}

function sizeAt(config: JsonObject, key: string): number | null {
  const size = config[key];
  return Number.isSafeInteger(size) ? Number(size) : null;
}

function sizesAt(config: JsonObject, key: string): LayerShape | undefined {
  return listAt(config, key)?.map((size) => (Number.isSafeInteger(size) ? Number(size) : null));
}

function product(sizes: LayerShape): number | null {
  return sizes.reduce<number | null>((total, size) => (total === null || size === null ? null : total * size), 1);
}

function sum(sizes: LayerShape): number | null {
  return sizes.reduce<number | null>((total, size) => (total === null || size === null ? null : total + size), 0);
}
