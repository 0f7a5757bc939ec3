import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { parseOnnxFile } from "./parse-onnx-file.ts";
import type { OnnxFileInfo, OnnxValueInfo } from "./types.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../../../test/models/${name}.onnx`, import.meta.url));

// A protobuf writer of four lines: numbers below 2^31 only.
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const part = (field: number, ...body: number[][]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(body.flat().length),
  ...body.flat(),
];
const text = (field: number, value: string): number[] => part(field, [...Buffer.from(value)]);

const OPSET = part(8, int(2, 13));
const model = (...graph: number[][]): Uint8Array => Uint8Array.from([...int(1, 8), ...part(7, ...graph), ...OPSET]);
const tensorType = (elementType: number, ...dims: number[][]): number[] =>
  part(1, int(1, elementType), part(2, ...dims));
const value = (field: number, name: string, ...type: number[][]): number[] =>
  part(field, text(1, name), part(2, ...type));
const input = (...type: number[][]): OnnxValueInfo | undefined =>
  parseOnnxFile(model(value(11, "x", ...type))).inputs[0];
const external = (location: string, name = "w"): number[][] => [
  text(8, name),
  part(13, text(1, "location"), text(2, location)),
  int(14, 1),
];

const refusal = (message: string): object =>
  expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining(message) });

describe("parseOnnxFile on real models", () => {
  it("reads a model with metadata", () => {
    expect(parseOnnxFile(fixture("mlp-small"))).toEqual({
      irVersion: 10,
      producer: "bento-ts-fixtures",
      graphName: "mlp_small",
      opsets: { "ai.onnx": 21 },
      inputs: [{ name: "x", type: "tensor", dtype: "float32", shape: ["N", 4] }],
      outputs: [{ name: "y", type: "tensor", dtype: "float32", shape: ["N", 3] }],
      metadata: { author: "bento-ts", task: "classification" },
      externalData: [],
      operators: ["ai.onnx:Gemm", "ai.onnx:Relu", "ai.onnx:Softmax"],
    } satisfies OnnxFileInfo);
  });

  it.each([
    "bool",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "string",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
  ] as const)("names the element type %s as the exporter meant it", (dtype) => {
    const info = parseOnnxFile(fixture(`identity-${dtype}`));
    expect(info.inputs).toEqual([{ name: "x", type: "tensor", dtype, shape: ["n"] }]);
    expect(info.outputs).toEqual([{ name: "y", type: "tensor", dtype, shape: ["n"] }]);
  });

  it("keeps the order of inputs and the empty shape of a scalar", () => {
    expect(parseOnnxFile(fixture("scalar")).inputs).toEqual([
      { name: "factor", type: "tensor", dtype: "int64", shape: [] },
      { name: "x", type: "tensor", dtype: "float32", shape: ["n"] },
    ]);
  });

  it("describes the sequence of maps that a ZipMap makes", () => {
    const info = parseOnnxFile(fixture("zipmap"));
    expect(info.outputs).toEqual([
      { name: "label", type: "tensor", dtype: "int64", shape: [null] },
      { name: "probabilities", type: "sequence", description: "sequence of map(int64 → float32)" },
    ]);
    expect(info.opsets).toEqual({ "ai.onnx": 21, "ai.onnx.ml": 1 });
    expect(info.producer).toBe("skl2onnx 1.20.0");
  });

  it("lists the external files and the operators inside of a loop", () => {
    expect(parseOnnxFile(fixture("external")).externalData).toEqual(["external.onnx.data"]);
    expect(parseOnnxFile(fixture("slow-loop")).operators).toEqual(
      expect.arrayContaining(["ai.onnx:Loop", "ai.onnx:MatMul"]),
    );
  });

  it("survives JSON unchanged", () => {
    const info = parseOnnxFile(fixture("mlp-small"));
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  });
});

describe("parseOnnxFile on what exporters may write", () => {
  it("takes negative, unnamed and empty dimensions as free, and a missing shape as a free rank", () => {
    const minusOne = [...varint(8), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const shape = [
      part(1, int(1, 0)),
      part(1, minusOne),
      part(1, text(2, "")),
      part(1),
      part(1, text(2, "N")),
      part(1, int(1, 7)),
    ];
    expect(input(tensorType(1, ...shape))).toEqual({
      name: "x",
      type: "tensor",
      dtype: "float32",
      shape: [0, null, null, null, "N", 7],
    });
    expect(input(part(1, int(1, 7)))).toEqual({ name: "x", type: "tensor", dtype: "int64" });
  });

  it("says in words what no dtype can say", () => {
    const float32 = part(1, int(1, 1));
    expect(input(tensorType(14))).toEqual({ name: "x", type: "tensor", shape: [], description: "complex64 tensor" });
    expect(input(tensorType(22))?.description).toBe("int4 tensor");
    expect(input(tensorType(99))?.description).toBe("element type 99 tensor");
    expect(input(part(9, part(1, part(4, part(1, float32)))))).toEqual({
      name: "x",
      type: "optional",
      description: "optional sequence of float32",
    });
    expect(input(part(5, int(1, 8), part(2, float32)))).toEqual({
      name: "x",
      type: "map",
      description: "map(string → float32)",
    });
    expect(input(part(8, int(1, 1)))).toEqual({ name: "x", type: "sparse", description: "sparse tensor of float32" });
    expect(input(part(7))).toEqual({ name: "x", type: "opaque", description: "opaque value" });
    expect(input()).toEqual({ name: "x", type: "unknown" });
    expect(input(tensorType(0))).toEqual({ name: "x", type: "unknown" });
  });

  it("leaves out the inputs that dense and sparse initializers fill, in whatever order they come", () => {
    const bytes = model(
      value(11, "w", tensorType(1)),
      part(5, text(8, "w")),
      part(15, part(1, text(8, "s"))),
      value(11, "s", tensorType(1)),
      value(11, "x", tensorType(1)),
    );
    expect(parseOnnxFile(bytes).inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  it("finds external files in initializers, sparse ones, attributes, subgraphs and functions, each once", () => {
    const attribute = (...body: number[][]): number[] => part(1, part(5, ...body));
    const graph = [
      part(5, ...external("a.bin")),
      part(5, ...external("./a.bin", "v")),
      part(15, part(1, ...external("values.bin")), part(2, ...external("indices.bin"))),
      attribute(part(5, ...external("t.bin"))),
      attribute(part(10, ...external("list.bin"))),
      attribute(part(6, part(5, ...external("sub/g.bin")))),
      attribute(part(11, attribute(part(22, part(1, ...external("deep.bin")))))),
      attribute(part(23, part(1, ...external("sparse-list.bin")))),
      part(5, text(8, "inside"), part(13, text(1, "location"), text(2, "not-used.bin"))),
    ];
    const body = part(25, part(7, part(5, part(5, ...external("function.bin")))));
    const found = parseOnnxFile(Uint8Array.from([...model(...graph), ...body])).externalData;
    expect(found).toEqual([
      "a.bin",
      "deep.bin",
      "function.bin",
      "indices.bin",
      "list.bin",
      "sparse-list.bin",
      "sub/g.bin",
      "t.bin",
      "values.bin",
    ]);
  });

  it.each([
    "../secret",
    "/etc/passwd",
    "a/../../b",
    "..\\up.bin",
    "C:\\weights.bin",
    "\\\\host\\share",
    "a\0b",
    "",
    ".",
    "weights/",
  ])("refuses the external location %j", (location) => {
    expect(() => parseOnnxFile(model(part(5, ...external(location))))).toThrow(refusal('tensor "w"'));
  });

  it("keeps __proto__ as a plain key of metadata and operator sets", () => {
    const evil = [...part(14, text(1, "__proto__"), text(2, "polluted")), ...part(8, text(1, "__proto__"), int(2, 3))];
    const info = parseOnnxFile(Uint8Array.from([...model(), ...evil]));
    expect(JSON.stringify(info.metadata)).toBe('{"__proto__":"polluted"}');
    expect(JSON.stringify(info.opsets)).toBe('{"ai.onnx":13,"__proto__":3}');
    expect(Object.keys(info.metadata)).toEqual(["__proto__"]);
    expect("toString" in info.metadata).toBe(false);
    expect(Object.isFrozen(info.metadata)).toBe(true);
  });

  it("names operators by domain, the default domain by its long name", () => {
    const node = (domain: string, operator: string): number[] => part(1, text(4, operator), text(7, domain));
    const body = part(25, part(7, text(4, "Mul")));
    const bytes = Uint8Array.from([...model(node("", "Add"), node("ai.onnx", "Add"), node("com.me", "Add")), ...body]);
    expect(parseOnnxFile(bytes).operators).toEqual(["ai.onnx:Add", "ai.onnx:Mul", "com.me:Add"]);
  });
});

describe("parseOnnxFile on what is no model", () => {
  it.each([
    ["an empty file", "", "the file is empty"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0", "run `git lfs pull`"],
    ["an .ort file", "\x18\0\0\0ORTM\0\0", ".ort format"],
    ["a zip archive", "PK\x03\x04", "a zip archive"],
    ["a Keras file", "\x89HDF\r\n", "an HDF5 file"],
    ["a web page", "<!DOCTYPE html><html></html>", "at byte"],
    ["JSON", '{"model": 1}', "at byte"],
  ])("refuses %s", (_case, content, message) => {
    expect(() => parseOnnxFile(Buffer.from(content, "latin1"))).toThrow(refusal(message));
  });

  it("says which part is missing", () => {
    expect(() => parseOnnxFile(Uint8Array.from([...part(7), ...OPSET]))).toThrow(
      refusal("ModelProto.ir_version was expected"),
    );
    expect(() => parseOnnxFile(Uint8Array.from([...int(1, 8), ...OPSET]))).toThrow(
      refusal("at byte 6: the file ended, but ModelProto.graph was expected"),
    );
    expect(() => parseOnnxFile(Uint8Array.from([...int(1, 8), ...part(7)]))).toThrow(
      refusal("ModelProto.opset_import was expected"),
    );
    expect(() => parseOnnxFile(model(part(12, part(2))))).toThrow(refusal("expected a name for each input and output"));
  });

  it("names the place where a model was cut", () => {
    expect(() => parseOnnxFile(fixture("broken"))).toThrow(
      refusal("at byte 88: ModelProto.graph: expected 738 bytes, 350 are left"),
    );
  });

  it.each(["mlp-small", "zipmap", "external", "slow-loop"])(
    "refuses %s cut at any byte, or reads it, but throws nothing else",
    (name) => {
      const whole = fixture(name);
      for (let length = 0; length < whole.length; length++)
        onlyServingErrors(() => parseOnnxFile(whole.subarray(0, length)));
    },
  );

  it("throws nothing but ServingError for changed bytes", () => {
    const seeds = ["mlp-small", "zipmap", "external", "slow-loop"].map(fixture);
    const change = fc.record({ at: fc.nat(2000), byte: fc.nat(255), kind: fc.constantFrom("set", "insert", "delete") });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 8 }), (seed, changes) => {
        const bytes = [...seed];
        for (const { at, byte, kind } of changes) {
          bytes.splice(at % bytes.length, kind === "insert" ? 0 : 1, ...(kind === "delete" ? [] : [byte]));
        }
        onlyServingErrors(() => parseOnnxFile(Uint8Array.from(bytes)));
      }),
      { numRuns: 3000 },
    );
  });

  it("throws nothing but ServingError for arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => onlyServingErrors(() => parseOnnxFile(bytes))),
      { numRuns: 2000 },
    );
  });
});

function onlyServingErrors(parse: () => OnnxFileInfo): void {
  try {
    JSON.stringify(parse());
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServingError);
    expect(thrown).toMatchObject({ code: "FAILED_PRECONDITION" });
  }
}
