// Makes the committed TF.js models: node scripts/make-tfjs-models.mjs
//
// No library takes part, so that what they answer is known from elsewhere: the two perceptrons have the weights of the SavedModel test/models/tensorflow/mlp and so
// the golden values of TensorFlow for Python; what the others answer is worked out by hand in the tests.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const models = fileURLToPath(new URL("../test/models/", import.meta.url));

/** Its values lie in the order in which they were made: w1 [4,8], b1 [8], w2 [8,3], b2 [3], all float32. */
const variables = readFileSync(`${models}tensorflow/mlp/variables/variables.data-00000-of-00001`);
const [w1, b1, w2, b2] = [
  [0, 32],
  [32, 8],
  [40, 24],
  [64, 3],
].map(([start, length]) => variables.subarray(4 * start, 4 * (start + length)));

/** Writes a model; `weights` are its bytes, cut into shards at `cuts`. */
function write(name, { weights, cuts = [], ...json }) {
  const dir = `${models}tfjs/${name}`;
  mkdirSync(dir, { recursive: true });
  const bytes = Buffer.concat(weights.map(({ data }) => data));
  const ends = [...cuts, bytes.length];
  const paths = ends.map((_, index) => `group1-shard${index + 1}of${ends.length}.bin`);
  paths.forEach((path, index) => writeFileSync(`${dir}/${path}`, bytes.subarray(ends[index - 1] ?? 0, ends[index])));
  const specs = weights.map(({ data: _bytes, ...spec }) => spec);
  const manifest = { ...json, weightsManifest: [{ paths, weights: specs }] };
  writeFileSync(`${dir}/model.json`, `${JSON.stringify(manifest, undefined, 1)}\n`);
}

const made = { generatedBy: "scripts/make-tfjs-models.mjs", convertedBy: null };

/** A weight in the shape that manifests give it. */
const weight = (name, shape, data, rest = {}) => ({ name, shape, dtype: "float32", ...rest, data });
/** Each text with its length before it. */
const texts = (...values) =>
  Buffer.concat(
    values.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );

const type = (name) => ({ T: { type: name } });
const node = (name, op, input = [], attr = {}) => ({ name, op, input, attr });
const placeholder = (name, dtype, ...sizes) =>
  node(name, "Placeholder", [], { dtype: { type: dtype }, shape: { shape: { dim: sizes.map(toDim) } } });
const constant = (name, dtype, ...sizes) =>
  node(name, "Const", [], {
    dtype: { type: dtype },
    value: { tensor: { dtype, tensorShape: { dim: sizes.map(toDim) } } },
  });
const tensor = (name, dtype, ...sizes) => ({ name, dtype, tensorShape: { dim: sizes.map(toDim) } });
function toDim(size) {
  return { size: String(size) };
}
function graph(node, signature) {
  return {
    format: "graph-model",
    ...made,
    signature,
    modelTopology: { node, library: {}, versions: { producer: 1645 } },
  };
}

// x → softmax(relu(x · w1 + b1) · w2 + b2); its weights in two shards, cut inside of one.
const mlpWeights = [weight("w1", [4, 8], w1), weight("b1", [8], b1), weight("w2", [8, 3], w2), weight("b2", [3], b2)];
write("mlp-graph", {
  ...graph(
    [
      placeholder("x_in", "DT_FLOAT", -1, 4),
      ...mlpWeights.map(({ name, shape }) => constant(name, "DT_FLOAT", ...shape)),
      node("hidden", "_FusedMatMul", ["x_in", "w1", "b1"], {
        ...type("DT_FLOAT"),
        fused_ops: { list: { s: ["BiasAdd", "Relu"].map((text) => Buffer.from(text).toString("base64")) } },
        num_args: { i: "1" },
      }),
      node("product", "MatMul", ["hidden", "w2"], type("DT_FLOAT")),
      node("logits", "AddV2", ["product", "b2"], type("DT_FLOAT")),
      node("Identity", "Softmax", ["logits"], type("DT_FLOAT")),
    ],
    {
      inputs: { x: tensor("x_in:0", "DT_FLOAT", -1, 4) },
      outputs: { probabilities: tensor("Identity:0", "DT_FLOAT", -1, 3) },
    },
  ),
  weights: mlpWeights,
  cuts: [101],
});

const dense = (name, units, activation, rest = {}) => ({
  class_name: "Dense",
  config: { name, units, activation, use_bias: true, dtype: "float32", ...rest },
});
write("mlp-layers", {
  format: "layers-model",
  ...made,
  modelTopology: {
    keras_version: "2.15.0",
    backend: "tensorflow",
    model_config: {
      class_name: "Sequential",
      config: {
        name: "mlp",
        layers: [dense("hidden", 8, "relu", { batch_input_shape: [null, 4] }), dense("probabilities", 3, "softmax")],
      },
    },
  },
  weights: [
    weight("hidden/kernel", [4, 8], w1),
    weight("hidden/bias", [8], b1),
    weight("probabilities/kernel", [8, 3], w2),
    weight("probabilities/bias", [3], b2),
  ],
});

// Two inputs and two outputs, through layers of several kinds: sum = a + b, and both side by side.
const inputLayer = (name) => ({
  class_name: "InputLayer",
  name,
  config: { name, batch_input_shape: [null, 2], dtype: "float32", sparse: false },
  inbound_nodes: [],
});
const merged = (class_name, name) => ({
  class_name,
  name,
  config: { name, ...(class_name === "Concatenate" ? { axis: -1 } : {}) },
  inbound_nodes: [["a", "b"].map((input) => [input, 0, 0, {}])],
});
write("two-layers", {
  format: "layers-model",
  ...made,
  modelTopology: {
    class_name: "Functional",
    config: {
      name: "two",
      layers: [inputLayer("a"), inputLayer("b"), merged("Add", "sum"), merged("Concatenate", "both")],
      input_layers: [
        ["a", 0, 0],
        ["b", 0, 0],
      ],
      output_layers: [
        ["sum", 0, 0],
        ["both", 0, 0],
      ],
    },
  },
  weights: [],
});

// One input and output of each element type, each joined to itself.
const KINDS = {
  bool: "DT_BOOL",
  float32: "DT_FLOAT",
  int32: "DT_INT32",
  int64: "DT_INT64",
  int8: "DT_INT8",
  string: "DT_STRING",
  uint8: "DT_UINT8",
};
write("kinds", {
  ...graph(
    [
      constant("axis", "DT_INT32"),
      ...Object.entries(KINDS).flatMap(([name, dtype]) => [
        placeholder(`${name}_in`, dtype, -1),
        node(`${name}_out`, "ConcatV2", [`${name}_in`, `${name}_in`, "axis"], {
          N: { i: "2" },
          ...type(dtype),
          Tidx: { type: "DT_INT32" },
        }),
      ]),
    ],
    {
      inputs: Object.fromEntries(
        Object.entries(KINDS).map(([name, dtype]) => [name, tensor(`${name}_in:0`, dtype, -1)]),
      ),
      outputs: Object.fromEntries(
        Object.entries(KINDS).map(([name, dtype]) => [`${name}s`, tensor(`${name}_out:0`, dtype, -1)]),
      ),
    },
  ),
  weights: [weight("axis", [], Buffer.alloc(4), { dtype: "int32" })],
});

// y = x · scale + offset, of which scale is stored in 8 bits, −1 + 0.5 · [0, 1, 2, 3], and offset in float16.
write("quantised", {
  ...graph(
    [
      placeholder("x_in", "DT_FLOAT", -1, 4),
      constant("scale", "DT_FLOAT", 4),
      constant("offset", "DT_FLOAT", 4),
      node("scaled", "Mul", ["x_in", "scale"], type("DT_FLOAT")),
      node("Identity", "AddV2", ["scaled", "offset"], type("DT_FLOAT")),
    ],
    { inputs: { x: tensor("x_in:0", "DT_FLOAT", -1, 4) }, outputs: { y: tensor("Identity:0", "DT_FLOAT", -1, 4) } },
  ),
  weights: [
    weight("scale", [4], Buffer.from([0, 1, 2, 3]), {
      quantization: { dtype: "uint8", scale: 0.5, min: -1, original_dtype: "float32" },
    }),
    // 1.5, -2, 0.25 and 8 in IEEE 754 binary16.
    weight("offset", [4], Buffer.from(Uint16Array.of(0x3e00, 0xc000, 0x3400, 0x4800).buffer), {
      quantization: { dtype: "float16", original_dtype: "float32" },
    }),
  ],
});

// y = x in the shape that the caller says: any other number of elements makes it fail.
write("reshape", {
  ...graph(
    [
      placeholder("x_in", "DT_FLOAT", -1),
      placeholder("shape_in", "DT_INT32", 2),
      node("Identity", "Reshape", ["x_in", "shape_in"], { ...type("DT_FLOAT"), Tshape: { type: "DT_INT32" } }),
    ],
    {
      inputs: { x: tensor("x_in:0", "DT_FLOAT", -1), shape: tensor("shape_in:0", "DT_INT32", 2) },
      outputs: { y: tensor("Identity:0", "DT_FLOAT", -1, -1) },
    },
  ),
  weights: [],
});

// The indices at which x is not 0: how many there are depends on the values, so the library answers later.
write("where", {
  ...graph([placeholder("x_in", "DT_BOOL", -1), node("Identity", "Where", ["x_in"], { T: { type: "DT_BOOL" } })], {
    inputs: { x: tensor("x_in:0", "DT_BOOL", -1) },
    outputs: { at: tensor("Identity:0", "DT_INT64", -1, 1) },
  }),
  weights: [],
});

// A table that the initialiser fills: red 1, green 2, größer 3, all else −1.
const initializer = [
  node("table", "HashTableV2", [], {
    key_dtype: { type: "DT_STRING" },
    value_dtype: { type: "DT_INT32" },
    shared_name: { s: Buffer.from("colours").toString("base64") },
  }),
  constant("keys", "DT_STRING", 3),
  constant("values", "DT_INT32", 3),
  node("import", "LookupTableImportV2", ["table", "keys", "values"], {
    Tin: { type: "DT_STRING" },
    Tout: { type: "DT_INT32" },
  }),
];
write("lookup", {
  ...graph(
    [
      placeholder("text_in", "DT_STRING", -1),
      placeholder("table_in", "DT_RESOURCE"),
      constant("default", "DT_INT32"),
      node("Identity", "LookupTableFindV2", ["table_in", "text_in", "default"], {
        Tin: { type: "DT_STRING" },
        Tout: { type: "DT_INT32" },
      }),
    ],
    {
      inputs: {
        text: tensor("text_in:0", "DT_STRING", -1),
        table: { ...tensor("table_in:0", "DT_RESOURCE"), resourceId: 7 },
      },
      outputs: { id: tensor("Identity:0", "DT_INT32", -1) },
    },
  ),
  // Its keys are nodes: what is to be done, and the table that the graph gets as an input.
  initializerSignature: {
    outputs: {
      import: tensor("import:0", "DT_RESOURCE"),
      table: { ...tensor("table:0", "DT_RESOURCE"), resourceId: 7 },
    },
  },
  modelInitializer: { node: initializer, versions: { producer: 1645 } },
  weights: [
    weight("keys", [3], texts("red", "green", "größer"), { dtype: "string" }),
    weight("values", [3], Buffer.from(Int32Array.of(1, 2, 3).buffer), { dtype: "int32" }),
    weight("default", [], Buffer.from(Int32Array.of(-1).buffer), { dtype: "int32" }),
  ],
});

// y has the values of x at the places that the caller says: one that is not there makes the native library itself fail.
write("scatter", {
  ...graph(
    [
      placeholder("x_in", "DT_FLOAT", -1),
      placeholder("at_in", "DT_INT32", -1, 1),
      constant("size", "DT_INT32", 1),
      node("Identity", "ScatterNd", ["at_in", "x_in", "size"], { ...type("DT_FLOAT"), Tindices: { type: "DT_INT32" } }),
    ],
    {
      inputs: { x: tensor("x_in:0", "DT_FLOAT", -1), at: tensor("at_in:0", "DT_INT32", -1, 1) },
      outputs: { y: tensor("Identity:0", "DT_FLOAT", 8) },
    },
  ),
  weights: [weight("size", [1], Buffer.from(Int32Array.of(8).buffer), { dtype: "int32" })],
});
