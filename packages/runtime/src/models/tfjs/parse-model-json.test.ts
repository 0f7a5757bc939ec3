import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { parseModelJson } from "./parse-model-json.ts";
import { assertServable } from "./servable.ts";
import { TFJS_MODELS } from "./tfjs-suite.fixture.ts";

const text = (name: string): string => readFileSync(`${TFJS_MODELS}/${name}/model.json`, "utf8");
const graph = { modelTopology: { node: [] }, signature: { inputs: {}, outputs: {} }, weightsManifest: [] };

function parse(json: unknown) {
  return parseModelJson(JSON.stringify(json)).info;
}

describe("parseModelJson", () => {
  it("tells of a GraphModel by its signature, sorted by name, and of its files with their size", () => {
    expect(parseModelJson(text("mlp-graph")).info).toEqual({
      variant: "graph-model",
      generatedBy: "scripts/make-tfjs-models.mjs",
      convertedBy: "",
      inputs: [{ name: "x", type: "float32", dtype: "float32", shape: [null, 4] }],
      outputs: [{ name: "probabilities", type: "float32", dtype: "float32", shape: [null, 3] }],
      // 4 · (4 · 8 + 8 + 8 · 3 + 3) bytes.
      weights: [{ paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"], byteLength: 268 }],
    });
  });

  it("tells of a LayersModel by its layers; inputs of a Sequential one are called as TensorFlow.js calls them", () => {
    expect(parseModelJson(text("mlp-layers")).info).toMatchObject({
      variant: "layers-model",
      inputs: [{ name: "hidden_input", dtype: "float32", shape: [null, 4] }],
      outputs: [{ name: "probabilities", dtype: "float32", shape: [null, 3] }],
    });
    expect(parseModelJson(text("two-layers")).info).toMatchObject({
      inputs: [{ name: "a" }, { name: "b" }],
      outputs: [
        { name: "sum", shape: [null, 2] },
        { name: "both", shape: [null, 4] },
      ],
    });
  });

  it("leaves out tables, which no caller gives, and takes a signature of the author's own first", () => {
    expect(parseModelJson(text("lookup")).info.inputs.map(({ name }) => name)).toEqual(["text"]);
    const own = { inputs: {}, outputs: { mine: { name: "y:0", dtype: "DT_FLOAT", tensorShape: {} } } };
    expect(parse({ ...graph, userDefinedMetadata: { signature: own } }).outputs).toEqual([
      { name: "mine", type: "float32", dtype: "float32", shape: [] },
    ]);
  });

  it("takes a shape of unknown rank, sizes as numbers, and 0 where none is written", () => {
    const outputs = {
      a: { name: "a:0", dtype: "DT_INT64", tensorShape: { unknownRank: true } },
      b: { name: "b:0", dtype: 3, tensorShape: { dim: [{ size: -1 }, { size: 2 }, {}] } },
    };
    expect(parse({ ...graph, signature: { outputs } }).outputs).toEqual([
      { name: "a", type: "int64", dtype: "int64" },
      { name: "b", type: "int32", dtype: "int32", shape: [null, 2, 0] },
    ]);
  });

  it.each<readonly [unknown, string]>([
    [[1], "expected a JSON object, got [1]"],
    [{ name: "x", version: "1" }, 'expected the keys "modelTopology" and "weightsManifest", got "name", "version"'],
    [{}, "got an object without keys"],
    [{ ...graph, format: "tflite" }, 'expected the format "graph-model" or "layers-model", got "tflite"'],
    [{ ...graph, signature: undefined }, "it has no signature with names and types: convert the model anew"],
    [
      { ...graph, modelTopology: { class_name: "Dense" } },
      'expected "modelTopology" of a Sequential or Functional model',
    ],
    [{ ...graph, format: "graph-model", modelTopology: {} }, 'expected "modelTopology" with a list of nodes'],
    [{ ...graph, weightsManifest: [{}] }, 'weightsManifest[0]: expected the lists "paths" and "weights"'],
    [weighing({ dtype: "int64" }), 'weight "w": expected an element type among float32'],
    [weighing({ shape: [-1] }), "expected weights with name, shape and dtype"],
    ...["/etc/passwd", "../w.bin", "a/../../w.bin", "..\\w.bin", "C:\\w.bin", "file:///w.bin", "https://x/w.bin"].map(
      (path) =>
        [at(path), `a file of weights must lie inside the model's folder, got ${JSON.stringify(path)}`] as const,
    ),
    [at("./"), "expected a file, got the folder"],
    [sequential({ class_name: "Dense", config: { name: "d", units: 1 } }), "comes first and has no batch_input_shape"],
    [
      sequential({ class_name: "LSTM", config: { name: "l", batch_input_shape: [1, 2, 3], stateful: true } }),
      'the layer "l" is stateful',
    ],
  ])("refuses %j in one sentence", (json, sentence) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(/^not a readable TF\.js model: [^\n]+$/),
      }),
    );
    expect(() => parse(json)).toThrow(sentence);
  });

  it("says where a text that was cut ends", () => {
    expect(() => parseModelJson(text("mlp-graph").slice(0, 500))).toThrow(
      /^not a readable TF\.js model: expected JSON, got a text that is cut or damaged \(".*position 500.*"\)$/,
    );
  });

  it("throws nothing but a ServingError, whatever stands in place of a part", () => {
    const names = ["mlp-graph", "two-layers", "mlp-layers", "lookup"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.jsonValue({ maxDepth: 2 }), (name, place, value) => {
        try {
          parse(replaced(JSON.parse(text(name)) as unknown, { left: place % 400 }, value));
        } catch (cause) {
          expect(cause).toBeInstanceOf(ServingError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([{ toString: 0 }, "4", [4], -1, 1.5])("refuses %j as a size of an input", (size) => {
    const config = { name: "dense", batch_input_shape: [null, size], dtype: "float32", units: 3 };
    const model_config = { class_name: "Sequential", config: { layers: [{ class_name: "Dense", config }] } };
    const layers = { format: "layers-model", modelTopology: { model_config }, weightsManifest: [] };
    expect(() => parse(layers)).toThrow('the layer "dense" (Dense) comes first and has no batch_input_shape');
  });

  it("knows what TensorFlow.js does not compute", () => {
    const outputs = { y: { name: "y:0", dtype: "DT_DOUBLE", tensorShape: {} } };
    expect(() => assertServable(parse({ ...graph, signature: { outputs } }))).toThrow(
      "the TF.js model cannot be served: /outputs/y is float64, an element type that TensorFlow.js does not compute; cast it inside the model",
    );
    expect(() => assertServable(parse(graph))).toThrow("/outputs expected at least one tensor, got no output");
  });
});

function weighing(change: object): object {
  return {
    ...graph,
    weightsManifest: [{ paths: ["w"], weights: [{ name: "w", shape: [], dtype: "float32", ...change }] }],
  };
}

function at(path: string): object {
  return { ...graph, weightsManifest: [{ paths: [path], weights: [] }] };
}

function sequential(...layers: object[]): object {
  return { ...graph, modelTopology: { class_name: "Sequential", config: { name: "s", layers } } };
}

/** The value with another one in place of its `left`th part, counted from the top. */
function replaced(value: unknown, count: { left: number }, other: unknown): unknown {
  if (count.left-- === 0) return other;
  if (Array.isArray(value)) return value.map((part) => replaced(part, count, other));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaced(part, count, other)]));
}
