import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { parseSavedModel } from "./parse-saved-model.ts";

const kinds = readFileSync(new URL("../../../../../test/models/tensorflow/kinds/saved_model.pb", import.meta.url));
const mlp = readFileSync(new URL("../../../../../test/models/tensorflow/mlp/saved_model.pb", import.meta.url));

/** A field of wire type 2 with the number, by hand: protobuf.dev, "Encoding". */
const field = (number: number, content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};
const int = (number: number, value: number): Buffer => Buffer.from([number * 8, value]);
const model = (...fields: readonly Buffer[]): Buffer => field(2, Buffer.concat(fields));
const tags = (...names: readonly string[]): Buffer => field(1, Buffer.concat(names.map((name) => field(4, name))));
const signature = (name: string, ...fields: readonly Buffer[]): Buffer =>
  field(5, Buffer.concat([field(1, name), field(2, Buffer.concat(fields))]));
const input = (name: string, ...info: readonly Buffer[]): Buffer =>
  field(1, Buffer.concat([field(1, name), field(2, Buffer.concat(info))]));

describe("parseSavedModel", () => {
  it("reads what TensorFlow 2.15 wrote as its own reader does", () => {
    const { tags: served, tensorflowVersion, signatures, hasVariables } = parseSavedModel(kinds);
    expect({ served, tensorflowVersion, hasVariables }).toEqual({
      served: ["serve"],
      tensorflowVersion: "2.15.1",
      hasVariables: false,
    });
    const types = ["bool", "float16", "float32", "float64", "int16", "int32", "int64", "int8"];
    expect(signatures.map(({ name }) => name)).toEqual([
      ...types,
      "lookup",
      "pick",
      "scalar",
      "string",
      "two",
      "uint16",
      "uint32",
      "uint64",
      "uint8",
    ]);
    expect(signatures.find(({ name }) => name === "two")).toEqual({
      name: "two",
      inputs: [
        { name: "a", tensor: "two_a:0", type: "float32", dtype: "float32", shape: [null, 2] },
        { name: "b", tensor: "two_b:0", type: "float32", dtype: "float32", shape: [null, 2] },
      ],
      outputs: [
        { name: "product", tensor: "PartitionedCall_11:0", type: "float32", dtype: "float32", shape: [null, 2] },
        { name: "sum", tensor: "PartitionedCall_11:1", type: "float32", dtype: "float32", shape: [null, 2] },
      ],
    });
    expect(parseSavedModel(mlp).hasVariables).toBe(true);
  });

  it("takes the graph that is tagged serve, whatever others there are", () => {
    const bytes = Buffer.concat([
      model(tags("train"), signature("wrong", input("x", field(1, "x:0"), int(2, 1)))),
      model(tags("gpu", "serve"), signature("right", input("x", field(1, "x:0"), int(2, 9)))),
    ]);
    expect(parseSavedModel(bytes)).toMatchObject({ tags: ["gpu", "serve"], signatures: [{ name: "right" }] });
    expect(() => parseSavedModel(model(tags("train")))).toThrow(
      'expected a graph with the tag "serve", got the tags train',
    );
  });

  it("prefers the graph that is for serving alone to those for other devices", () => {
    const bytes = Buffer.concat([model(tags("serve", "tpu")), model(tags("serve"), signature("plain"))]);
    expect(parseSavedModel(bytes)).toMatchObject({ tags: ["serve"], signatures: [{ name: "plain" }] });
  });

  it("sees that values lie in a checkpoint, those of tables that change too", () => {
    const graph = (op: string): Buffer => field(2, field(1, field(2, op)));
    const has = (op: string): boolean => parseSavedModel(model(tags("serve"), graph(op))).hasVariables;
    expect(["VarHandleOp", "VariableV2", "MutableHashTableV2"].filter(has)).toHaveLength(3);
    expect(["Const", "HashTableV2", "RestoreV2"].filter(has)).toEqual([]);
  });

  it("tells an open rank from a scalar and a free size from none", () => {
    const unknownRank = field(3, int(3, 1));
    const scalar = field(3, "");
    const sizes = field(
      3,
      Buffer.concat([field(2, ""), field(2, Buffer.from([8, ...Array<number>(9).fill(0xff), 1])), field(2, int(1, 7))]),
    );
    const of = (shape: Buffer) =>
      parseSavedModel(model(tags("serve"), signature("s", input("x", field(1, "x:0"), int(2, 1), shape)))).signatures[0]
        ?.inputs;
    expect(of(unknownRank)).toEqual([{ name: "x", tensor: "x:0", type: "float32", dtype: "float32" }]);
    expect(of(scalar)).toEqual([{ name: "x", tensor: "x:0", type: "float32", dtype: "float32", shape: [] }]);
    expect(of(sizes)).toMatchObject([{ shape: [0, null, 7] }]);
  });

  it("names element types and values that no tensor holds", () => {
    const of = (...info: readonly Buffer[]) =>
      parseSavedModel(model(tags("serve"), signature("s", input("x", ...info)))).signatures[0]?.inputs;
    expect(of(field(1, "x:0"), int(2, 20))).toEqual([{ name: "x", tensor: "x:0", type: "resource" }]);
    expect(of(field(1, "x:0"), int(2, 99))).toEqual([{ name: "x", tensor: "x:0", type: "data type 99" }]);
    // DT_FLOAT_REF, as TensorFlow 1 writes it for a variable.
    expect(of(field(1, "x:0"), int(2, 101))).toMatchObject([{ type: "float32", dtype: "float32" }]);
    expect(of(field(4, ""), int(2, 1))).toEqual([{ name: "x", type: "sparse tensor of float32" }]);
    expect(of(field(5, ""), int(2, 1))).toEqual([{ name: "x", type: "composite tensor of float32" }]);
  });

  it("refuses an empty file, another schema and a file that ends early", () => {
    expect(() => parseSavedModel(new Uint8Array())).toThrow("not a readable SavedModel: the file is empty");
    expect(() => parseSavedModel(int(1, 1))).toThrow(
      "not a readable SavedModel: at byte 2: the file ended, but SavedModel.meta_graphs was expected",
    );
    expect(() => parseSavedModel(int(1, 2))).toThrow("expected schema version 1, got 2");
    expect(() => parseSavedModel(kinds.subarray(0, 20_000))).toThrow(/at byte \d+: .*left/);
  });

  it.each([
    [
      "version https://git-lfs.github.com/spec/v1\noid sha256:0",
      /a Git LFS pointer, not the model: run `git lfs pull`/,
    ],
    ["\x89HDF\r\n\x1a\n", /an HDF5 file/],
    ["PK\x03\x04", /a zip archive/],
    ["\x1c\0\0\0TFL3", /a TensorFlow Lite model/],
  ])("says what stands in its place: %j", (text, message) => {
    expect(() => parseSavedModel(Buffer.from(text, "latin1"))).toThrow(message);
  });

  it("throws nothing but ServingError for changed bytes", () => {
    const change = fc.tuple(fc.nat(mlp.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = Uint8Array.from(mlp);
        for (const [at, byte] of changes) bytes[at] = byte;
        expectModelOrServingError(bytes);
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectModelOrServingError));
  });
});

function expectModelOrServingError(bytes: Uint8Array): void {
  try {
    parseSavedModel(bytes);
  } catch (cause) {
    expect(cause).toBeInstanceOf(ServingError);
  }
}
