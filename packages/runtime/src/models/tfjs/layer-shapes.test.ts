import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { chainOperations } from "./chain-operations.ts";
import { parseModelJson } from "./parse-model-json.ts";

interface Symbol {
  readonly shape: readonly (number | null)[];
}
interface Layers {
  readonly layers: Readonly<Record<string, (config: object) => { apply(input: unknown): unknown }>>;
  input(config: object): Symbol;
  model(config: object): { toJSON(unused: unknown, asText: boolean): object; readonly outputs: readonly Symbol[] };
}

// The library itself tells what is right: it works a shape out when a layer is applied.
const require = createRequire(import.meta.url);
require("@tensorflow/tfjs-backend-wasm");
const core = require("@tensorflow/tfjs-core") as { setBackend(name: string): Promise<boolean> };
chainOperations(core);
await core.setBackend("wasm");
const tf = require("@tensorflow/tfjs-layers") as Layers;

const picture = [8, 8, 3];
const CASES: readonly (readonly [string, readonly number[], object])[] = [
  ["dense", [5], { units: 2 }],
  ["dense", [7, 5], { units: 2 }],
  ["activation", [7, 5], { activation: "relu" }],
  ["softmax", [5], {}],
  ["dropout", [5], { rate: 0.5 }],
  ["batchNormalization", picture, {}],
  ["layerNormalization", [5], {}],
  ["flatten", picture, {}],
  ["reshape", picture, { targetShape: [4, 48] }],
  ["permute", [2, 3, 4], { dims: [3, 1, 2] }],
  ["repeatVector", [5], { n: 3 }],
  ["embedding", [7], { inputDim: 10, outputDim: 4 }],
  ["conv1d", [9, 2], { filters: 4, kernelSize: 3 }],
  ["conv2d", picture, { filters: 4, kernelSize: 3 }],
  ["conv2d", [3, 8, 8], { filters: 4, kernelSize: 3, dataFormat: "channelsFirst" }],
  ["conv2dTranspose", picture, { filters: 4, kernelSize: 3, strides: 2 }],
  ["separableConv2d", picture, { filters: 4, kernelSize: 3 }],
  ["depthwiseConv2d", picture, { kernelSize: 3, depthMultiplier: 2 }],
  ["maxPooling2d", picture, { poolSize: 2 }],
  ["averagePooling1d", [8, 3], { poolSize: 2 }],
  ["zeroPadding2d", picture, { padding: 1 }],
  ["upSampling2d", picture, { size: [2, 2] }],
  ["globalAveragePooling2d", picture, {}],
  ["globalMaxPooling1d", [8, 3], {}],
  ["lstm", [7, 5], { units: 3 }],
  ["gru", [7, 5], { units: 3, returnSequences: true }],
  ["simpleRNN", [7, 5], { units: 3 }],
];

describe("the shape behind a layer", () => {
  it.each(CASES)("%s over %j with %j is as TensorFlow.js has it, or open", (type, shape, config) => {
    const input = tf.input({ shape });
    expectAgreement(input, tf.layers[type]?.(config).apply(input));
  });

  it("that wraps another, or joins several, is as TensorFlow.js has it", () => {
    const sequence = tf.input({ shape: [7, 5] });
    const inner = tf.layers["lstm"]?.({ units: 3, returnSequences: true });
    expectAgreement(sequence, tf.layers["bidirectional"]?.({ layer: inner, mergeMode: "concat" }).apply(sequence));
    const dense = tf.layers["dense"]?.({ units: 2 });
    expectAgreement(sequence, tf.layers["timeDistributed"]?.({ layer: dense }).apply(sequence));
    const [a, b] = [
      tf.layers["dense"]?.({ units: 2 }).apply(sequence),
      tf.layers["dense"]?.({ units: 4 }).apply(sequence),
    ];
    expectAgreement(sequence, tf.layers["concatenate"]?.({ axis: -1 }).apply([a, b]));
    expectAgreement(sequence, tf.layers["add"]?.({}).apply([sequence, sequence]));
  });

  it("of a kind that is not known here stays open, rank and all", () => {
    const input = tf.input({ shape: picture });
    const { parsed } = shapes(input, tf.layers["resizing"]?.({ height: 4, width: 4 }).apply(input));
    expect(parsed).toBeUndefined();
  });
});

/** The number of axes must be right, and each size unless it is open. */
function expectAgreement(input: Symbol, output: unknown): void {
  const { parsed, real } = shapes(input, output);
  expect(parsed?.map((size, axis) => size ?? real[axis])).toEqual(real);
  expect(parsed).toHaveLength(real.length);
}

function shapes(input: Symbol, output: unknown) {
  const model = tf.model({ inputs: input, outputs: output });
  const info = parseModelJson(JSON.stringify({ modelTopology: model.toJSON(null, false), weightsManifest: [] })).info;
  return { parsed: info.outputs[0]?.shape, real: model.outputs[0]?.shape ?? [] };
}
