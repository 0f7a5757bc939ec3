import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DType, DTYPE_NAMES, DTYPES } from "../../../tensor/dtype.ts";
import { toBytes } from "../../../tensor/raw.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { anyTensor } from "../tensor.fixture.ts";
import { decodeInferRequest, readModelName } from "./decode-infer.ts";
import { inferenceMethod } from "./inference-methods.fixture.ts";

const { requestSerialize } = inferenceMethod("ModelInfer");

/** Names of the fields of InferTensorContents, from the table of the protocol. */
const CONTENTS: Partial<Record<DType, string>> = {
  bool: "bool_contents",
  int8: "int_contents",
  int16: "int_contents",
  int32: "int_contents",
  int64: "int64_contents",
  uint8: "uint_contents",
  uint16: "uint_contents",
  uint32: "uint_contents",
  uint64: "uint64_contents",
  float32: "fp32_contents",
  float64: "fp64_contents",
  string: "bytes_contents",
};
const TYPED = DTYPE_NAMES.filter((dtype) => CONTENTS[dtype] !== undefined);

function headOf(name: string, { dtype, shape }: Tensor): object {
  return { name, datatype: DTYPES[dtype].v2, shape };
}

function contentsOf({ dtype, data }: Tensor): object {
  const plain = Array.from<unknown, unknown>(data, (value) => {
    if (typeof value === "bigint") return String(value);
    if (dtype === "bool") return value === 1;
    return typeof value === "string" ? Buffer.from(value) : value;
  });
  return { [CONTENTS[dtype] ?? ""]: plain };
}

const anyNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 4 });
const withTensors = (dtypes: readonly DType[]): fc.Arbitrary<[string, Tensor][]> =>
  anyNames.chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), anyTensor(dtypes)))));

function decode(request: object): ReturnType<typeof decodeInferRequest> {
  return decodeInferRequest(requestSerialize(request));
}

describe("decoding a ModelInferRequest", () => {
  it("reads typed contents as protobufjs has written them, every bit of them", () => {
    fc.assert(
      fc.property(withTensors(TYPED), fc.string(), (tensors, id) => {
        const inputs = tensors.map(([name, tensor]) => ({ ...headOf(name, tensor), contents: contentsOf(tensor) }));
        const request = decode({ model_name: "m", id, inputs });
        expect(request.id).toBe(id === "" ? undefined : id);
        expect(request.isBinary).toBe(false);
        expect(request.inputs.map(({ name, tensor }) => [name, tensor])).toEqual(tensors);
      }),
    );
  });

  it("reads raw contents as protobufjs has written them, every bit of them", () => {
    fc.assert(
      fc.property(withTensors(DTYPE_NAMES), (tensors) => {
        const inputs = tensors.map(([name, tensor]) => headOf(name, tensor));
        const raw = tensors.map(([, tensor]) => toBytes(tensor));
        const request = decode({ model_name: "m", inputs, raw_input_contents: raw });
        expect(request.isBinary).toBe(tensors.length > 0);
        expect(request.inputs.map(({ name, tensor }) => [name, tensor])).toEqual(tensors);
      }),
    );
  });

  it("answers damaged messages with INVALID_ARGUMENT and nothing else", () => {
    const message = (tensors: [string, Tensor][], isRaw: boolean): Buffer =>
      requestSerialize({
        model_name: "m",
        id: "1",
        parameters: { content_type: { string_param: "np" }, priority: { int64_param: "-3" } },
        inputs: tensors.map(([name, tensor]) => ({
          ...headOf(name, tensor),
          ...(isRaw ? {} : { contents: contentsOf(tensor) }),
        })),
        raw_input_contents: isRaw ? tensors.map(([, tensor]) => toBytes(tensor)) : [],
      });
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(
        withTensors(TYPED),
        fc.boolean(),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        (tensors, isRaw, faults) => {
          let bytes = Buffer.from(message(tensors, isRaw));
          for (const { at, byte, cut } of faults) {
            if (cut) bytes = bytes.subarray(0, at % (bytes.length + 1));
            else if (bytes.length > 0) bytes[at % bytes.length] = byte;
          }
          onlyServingErrors(bytes);
        },
      ),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => onlyServingErrors(Buffer.from(bytes))),
      { numRuns: 3000 },
    );
  });

  it("reads unpacked elements, contents in pieces and unknown fields; of a name that comes twice the last holds", () => {
    // By hand, from the table of the protocol: tag = field << 3 | wire type.
    const contents = (...bytes: number[]): number[] => [0x2a, bytes.length, ...bytes];
    const input: number[] = [
      [0x0a, 1, 0x61], // name "a"
      [0x12, 5, 0x49, 0x4e, 0x54, 0x33, 0x32], // datatype "INT32"
      [0x18, 4], // shape, unpacked: 4
      contents(0x10, 7, 0x10, 8), // int_contents 7, 8, unpacked
      contents(0x12, 1, 9), // int_contents 9, packed
      contents(0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), // -1
      [0xf8, 0x01, 5], // field 31, a varint
    ].flat();
    const bytes = Buffer.from(
      [
        [0x0a, 1, 0x78, 0x0a, 1, 0x79], // model_name "x", then "y"
        [0x2a, input.length, ...input],
        [0xa3, 0x06, 0x0b, 0x0c, 0xa4, 0x06], // field 100, a group with a group in it
        [0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8], // field 100, 64 bits
        [0xa5, 0x06, 1, 2, 3, 4], // field 100, 32 bits
      ].flat(),
    );
    expect(readModelName(bytes)).toEqual({ name: "y", version: "" });
    const { inputs } = decodeInferRequest(bytes);
    expect(inputs).toEqual([
      {
        name: "a",
        contentType: undefined,
        tensor: { dtype: "int32", shape: [4], data: Int32Array.of(7, 8, 9, -1) },
      },
    ]);
  });

  it("reads content types of the request and of inputs, and the wanted outputs in order", () => {
    const request = decode({
      model_name: "m",
      parameters: { content_type: { string_param: "pd" }, other: { bool_param: true } },
      inputs: [
        {
          name: "a",
          datatype: "BYTES",
          shape: [1],
          parameters: { content_type: { string_param: "str" } },
          contents: { bytes_contents: [Buffer.from("é")] },
        },
      ],
      outputs: [{ name: "z" }, { name: "b" }],
    });
    expect(request.contentType).toBe("pd");
    expect(request.inputs[0]?.contentType).toBe("str");
    expect(request.outputs).toEqual([
      { name: "z", isBinary: false },
      { name: "b", isBinary: false },
    ]);
  });

  const fp32 = { name: "x", datatype: "FP32", shape: [2] };
  const eightBytes = Buffer.alloc(8);
  it.each<[string, object, string]>([
    [
      "both raw and typed contents",
      { inputs: [{ ...fp32, contents: { fp32_contents: [1, 2] } }], raw_input_contents: [eightBytes] },
      "/x: has contents beside raw_input_contents: send one of the two",
    ],
    [
      "fewer raw contents than inputs",
      { inputs: [fp32, { ...fp32, name: "y" }], raw_input_contents: [eightBytes] },
      "/raw_input_contents: expected 2, one for each input, got 1",
    ],
    [
      "raw contents of a wrong length",
      { inputs: [fp32], raw_input_contents: [Buffer.alloc(7)] },
      "/x: expected 8 bytes for float32 of shape [2], got 7",
    ],
    [
      "a wrong number of elements",
      { inputs: [{ ...fp32, contents: { fp32_contents: [1, 2, 3] } }] },
      "/x: shape [2] needs 2 elements, fp32_contents has 3",
    ],
    [
      "elements in the field of another type",
      { inputs: [{ ...fp32, contents: { fp64_contents: [1, 2] } }] },
      "/x: FP32 stands in fp32_contents, got elements in field 7 of the contents",
    ],
    [
      "a value out of range",
      { inputs: [{ name: "x", datatype: "UINT8", shape: [2], contents: { uint_contents: [255, 256] } }] },
      "/x: element 1: expected 0 to 255 for UINT8, got 256",
    ],
    [
      "typed contents of a half float",
      { inputs: [{ name: "x", datatype: "FP16", shape: [1], contents: { fp32_contents: [1] } }] },
      "/x: FP16 has no typed contents: send raw_input_contents",
    ],
    [
      "an unknown datatype",
      { inputs: [{ ...fp32, datatype: "fp32" }] },
      '/x: expected a datatype of FP32, FP64, FP16, BF16, INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64, BOOL, BYTES, got "fp32"',
    ],
    [
      "a negative size",
      { inputs: [{ ...fp32, shape: [-1] }], raw_input_contents: [eightBytes] },
      "/x: expected sizes that are whole numbers ≥ 0, got shape [-1]",
    ],
    [
      "a shape that announces more than came",
      { inputs: [{ ...fp32, shape: [1_000_000, 1_000_000] }] },
      "/x: shape [1000000,1000000] needs 1000000000000 elements, fp32_contents has 0",
    ],
    [
      "more axes than a tensor has",
      { inputs: [{ ...fp32, shape: Array.from({ length: 65 }, () => 1) }] },
      "/inputs: expected at most 64 sizes, got 65",
    ],
    [
      "texts that are no UTF-8",
      { inputs: [{ name: "x", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.of(0xff)] } }] },
      "/x: expected UTF-8 text in element 0 of a BYTES tensor",
    ],
  ])("refuses %s", (_name, request, message) => {
    expect(() => decode(request)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });

  it("is not misled by messages of nothing but empty inputs or groups", () => {
    const inputs = Buffer.from(Array.from({ length: 40_000 }, (_, index) => (index % 2 === 0 ? 0x2a : 0)));
    expect(() => decodeInferRequest(inputs)).toThrow("/inputs: expected at most 10000");
    expect(() => decodeInferRequest(Buffer.alloc(1_000_000, 0x0b))).toThrow("a group has no end");
  });
});

function onlyServingErrors(bytes: Buffer): void {
  for (const read of [readModelName, decodeInferRequest]) {
    try {
      read(bytes);
    } catch (thrown) {
      expect(thrown).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
    }
  }
}
