import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { DTYPE_NAMES, type DType } from "../../tensor/dtype.ts";
import { toBytes } from "../../tensor/raw.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ProtoWriter } from "../wire/proto-writer.ts";
import { TF_TYPES } from "./data-types.ts";
import { decodeWith, encodeWith, loadProtos } from "./dynamic-proto.fixture.ts";
import type { RepeatBudget } from "./fill-shape.ts";
import { decodeTensorProto, writeTensorProto } from "./tensor-proto.ts";
import { tensorProtoFromJson, tensorProtoToJson } from "./tensor-proto-json.ts";

const TensorProto = loadProtos("tensorflow/core/framework/tensor.proto").lookupType("tensorflow.TensorProto");

const budget = (leftBytes = 1_000_000): RepeatBudget => ({ leftBytes, limitName: "server.limits.grpc" });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const decode = (bytes: Buffer): Tensor => decodeTensorProto(bytes, budget());
const decodeObject = (value: object): Tensor => decode(encodeWith(TensorProto, value));
const encode = (tensor: Tensor, form: "lists" | "content" = "lists"): Buffer => {
  const writer = new ProtoWriter(16);
  writeTensorProto(writer, tensor, form);
  return writer.finish();
};
const shape = (...sizes: (number | string)[]): object => ({ dim: sizes.map((size) => ({ size: String(size) })) });

// dtype DT_FLOAT, shape [1,2]
const FLOAT_1_2 = "08 01  12 08 12 02 08 01 12 02 08 02";

describe("decodeTensorProto", () => {
  it("reads a packed list: field 5, two little-endian floats", () => {
    expect(decode(hex(`${FLOAT_1_2} 2a 08 0000803f 000000c0`))).toEqual({
      dtype: "float32",
      shape: [1, 2],
      data: Float32Array.of(1, -2),
    });
  });

  it("reads a list whose values stand one by one, and one that comes in pieces", () => {
    const onePerField = decode(hex(`${FLOAT_1_2} 2d 0000803f 2d 000000c0`));
    const pieces = decode(hex(`${FLOAT_1_2} 2a 04 0000803f 2d 000000c0`));
    expect(onePerField.data).toEqual(Float32Array.of(1, -2));
    expect(pieces.data).toEqual(Float32Array.of(1, -2));
  });

  it("takes the content when it is not empty", () => {
    expect(decode(hex(`${FLOAT_1_2} 22 08 00000040 00004040`)).data).toEqual(Float32Array.of(2, 3));
    expect(decode(hex(`${FLOAT_1_2} 22 00 2a 04 0000803f`)).data).toEqual(Float32Array.of(1, 1));
  });

  it("fills the shape with one value, and repeats the last of several", () => {
    expect(decodeObject({ dtype: "DT_FLOAT", tensorShape: shape(2, 2), floatVal: [7] }).data).toEqual(
      Float32Array.of(7, 7, 7, 7),
    );
    expect(decodeObject({ dtype: "DT_INT64", tensorShape: shape(3), int64Val: ["1", "-2"] }).data).toEqual(
      BigInt64Array.of(1n, -2n, -2n),
    );
    expect(
      decodeObject({ dtype: "DT_STRING", tensorShape: shape(3), stringVal: [Buffer.from("a"), Buffer.from("b")] }).data,
    ).toEqual(["a", "b", "b"]);
  });

  it("reads a message without a shape as a scalar", () => {
    expect(decodeObject({ dtype: "DT_BOOL", boolVal: [true] })).toEqual({
      dtype: "bool",
      shape: [],
      data: Uint8Array.of(1),
    });
  });

  it("reads halves as their bits: 0x3c00 is 1 in float16, 0x3f80 in bfloat16", () => {
    expect(decodeObject({ dtype: "DT_HALF", tensorShape: shape(1), halfVal: [0x3c00] }).data).toEqual(
      Uint16Array.of(0x3c00),
    );
    expect(decodeObject({ dtype: "DT_BFLOAT16", tensorShape: shape(1), halfVal: [0x3f80] }).data).toEqual(
      Uint16Array.of(0x3f80),
    );
  });

  it("keeps every digit of 64-bit numbers", () => {
    const signed = ["-9223372036854775808", "9223372036854775807", "9007199254740993", "-1", "0"];
    expect(decodeObject({ dtype: "DT_INT64", tensorShape: shape(5), int64Val: signed }).data).toEqual(
      BigInt64Array.from(signed, BigInt),
    );
    expect(
      decodeObject({ dtype: "DT_UINT64", tensorShape: shape(2), uint64Val: ["18446744073709551615", "1"] }).data,
    ).toEqual(BigUint64Array.of(2n ** 64n - 1n, 1n));
  });

  it("skips fields that it does not know, groups too, and joins a message that comes in two pieces", () => {
    const unknown = "9a 06 03 616263  a3 06 08 01 a4 06  f8 07 05";
    expect(decode(hex(`${unknown} ${FLOAT_1_2} ${unknown} 2a 08 0000803f 000000c0`)).shape).toEqual([1, 2]);
    // The shape [1] and, in a second piece, [2]: sizes are a list, and lists are joined.
    expect(decode(hex("08 01 12 04 12 02 08 01 2a 04 0000803f 12 04 12 02 08 02"))).toEqual({
      dtype: "float32",
      shape: [1, 2],
      data: Float32Array.of(1, 1),
    });
  });

  it.each<[string, object, string]>([
    ["more values than elements", { dtype: "DT_FLOAT", tensorShape: shape(2), floatVal: [1, 2, 3] }, "got more"],
    ["no values", { dtype: "DT_FLOAT", tensorShape: shape(2) }, "expected 1 to 2 values in float_val"],
    ["values in another list", { dtype: "DT_FLOAT", tensorShape: shape(2), intVal: [1, 2] }, "got values in int_val"],
    ["a size below zero", { dtype: "DT_FLOAT", tensorShape: shape(-1, 2), floatVal: [1] }, "shape [-1,2]"],
    ["an unknown rank", { dtype: "DT_FLOAT", tensorShape: { unknownRank: true }, floatVal: [1] }, "unknown rank"],
    ["a content of another length", { dtype: "DT_FLOAT", tensorShape: shape(2), tensorContent: hex("00") }, "8 bytes"],
    [
      "values in the content and in a list",
      { dtype: "DT_FLOAT", tensorShape: shape(1), tensorContent: hex("0000803f"), floatVal: [1] },
      "got tensor_content and float_val",
    ],
    [
      "values in the content and in the list of another type",
      { dtype: "DT_FLOAT", tensorShape: shape(1), tensorContent: hex("0000803f"), intVal: [1] },
      "got tensor_content and int_val",
    ],
    ["complex numbers", { dtype: "DT_COMPLEX64", tensorShape: shape(1), scomplexVal: [1, 0] }, "expected a dtype of"],
    ["no type", { tensorShape: shape(1), floatVal: [1] }, "expected a dtype of"],
    ["a number past its type", { dtype: "DT_UINT8", tensorShape: shape(1), intVal: [256] }, "from 0 to 255, got 256"],
    ["a number below its type", { dtype: "DT_INT8", tensorShape: shape(1), intVal: [-129] }, "got -129"],
    ["text that is not UTF-8", { dtype: "DT_STRING", tensorShape: shape(1), stringVal: [hex("ff")] }, "UTF-8"],
    ["text as content", { dtype: "DT_STRING", tensorShape: shape(1), tensorContent: hex("01 61") }, "string_val"],
    ["300 dimensions", { dtype: "DT_FLOAT", tensorShape: shape(...Array(300).fill(1)), floatVal: [1] }, "at most 254"],
    ["sizes that can't be counted", { dtype: "DT_INT8", tensorShape: shape("4294967296", "4294967296") }, "counted"],
  ])("refuses %s", (_, value, message) => {
    expect(() => decodeObject(value)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) as unknown }),
    );
  });

  it("allocates nothing for a shape that repeats one value past the budget, and counts all tensors of a message", () => {
    const huge = encodeWith(TensorProto, { dtype: "DT_DOUBLE", tensorShape: shape("1000000000"), doubleVal: [1] });
    expect(() => decode(huge)).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_TOO_LARGE",
        message: expect.stringContaining("server.limits.grpc") as unknown,
      }),
    );
    const shared = budget(1_000);
    const one = encodeWith(TensorProto, { dtype: "DT_DOUBLE", tensorShape: shape(100), doubleVal: [1] });
    decodeTensorProto(one, shared);
    expect(() => decodeTensorProto(one, shared)).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
  });

  it("refuses bytes that are no message", () => {
    for (const bytes of ["08", "12 05 00", "2a ff ff ff ff 0f", "00 00", "0f", "a3 06", "2a 03 000000"]) {
      expect(() => decode(hex(`${FLOAT_1_2} ${bytes}`)), bytes).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringMatching(/^not a valid protobuf message: /) as unknown,
        }),
      );
    }
  });

  it("gives a tensor or an error of the caller for any bytes", () => {
    const check = (bytes: Buffer): void => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ServingError);
        expect((error as ServingError).code).toMatch(/^(INVALID_ARGUMENT|PAYLOAD_TOO_LARGE)$/);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => check(Buffer.from(bytes))),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(tensors(), fc.nat(), fc.uint8Array({ maxLength: 3 }), (tensor, cut, tail) => {
        const bytes = encode(tensor);
        check(Buffer.concat([bytes.subarray(0, cut % (bytes.length + 1)), tail]));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("TensorProto both ways", () => {
  it("gives back what protobufjs has encoded from the .proto", () => {
    fc.assert(
      fc.property(tensors(), (tensor) => expectSame(decode(encodeWith(TensorProto, toObject(tensor))), tensor)),
    );
  });

  it("writes what protobufjs reads from the .proto: lists, or content", () => {
    fc.assert(
      fc.property(tensors(), (tensor) => {
        const { dim = [] } = (decodeWith(TensorProto, encode(tensor)) as { tensorShape: { dim?: object[] } })
          .tensorShape;
        expect(decodeWith(TensorProto, encode(tensor))).toEqual({
          ...(decodeWith(TensorProto, encodeWith(TensorProto, toObject(tensor))) as object),
          tensorShape: dim.length === 0 ? {} : { dim },
        });
        expect(dim.map((one) => Number("size" in one ? one.size : 0))).toEqual(tensor.shape);
        expectSame(decode(encode(tensor, "content")), tensor);
      }),
    );
  });

  it("reads and writes the JSON that protobufjs makes of the same message", () => {
    fc.assert(
      fc.property(tensors(), (tensor) => {
        const json = tensorProtoToJson(tensor, "lists");
        const theirs = decodeWith(TensorProto, encodeWith(TensorProto, toObject(tensor))) as object;
        expect({ ...json, tensorShape: undefined }).toEqual({ ...theirs, tensorShape: undefined });
        expectSame(tensorProtoFromJson(theirs, "", budget()), tensor);
        expectSame(tensorProtoFromJson(tensorProtoToJson(tensor, "content"), "", budget()), tensor);
      }),
    );
  });

  it("packs -1 as ten bytes in int_val and int64_val, as protobuf does", () => {
    const minusOne = "ff ff ff ff ff ff ff ff ff 01";
    expect(encode({ dtype: "int32", shape: [1], data: Int32Array.of(-1) })).toEqual(
      hex(`08 03 12 04 12 02 08 01 3a 0a ${minusOne}`),
    );
    expect(encode({ dtype: "int64", shape: [1], data: BigInt64Array.of(-1n) })).toEqual(
      hex(`08 09 12 04 12 02 08 01 52 0a ${minusOne}`),
    );
  });
});

function expectSame(got: Tensor, expected: Tensor): void {
  expect(got.dtype).toBe(expected.dtype);
  expect(got.shape).toEqual(expected.shape);
  // By bytes: NaN and -0 count.
  if (expected.dtype === "string") expect(got.data).toEqual(expected.data);
  else expect(Buffer.from(toBytes(got)).equals(toBytes(expected))).toBe(true);
}

/** A tensor as the object that protobufjs encodes. */
function toObject(tensor: Tensor): object {
  const { name, list } = TF_TYPES[tensor.dtype];
  const field = list.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const values = Array.from<unknown>(tensor.data as ArrayLike<unknown>);
  const plain =
    tensor.dtype === "string"
      ? values.map((text) => Buffer.from(String(text)))
      : tensor.dtype === "bool"
        ? values.map((bit) => bit === 1)
        : values.map((value) => (typeof value === "bigint" ? String(value) : value));
  return { dtype: name, tensorShape: shape(...tensor.shape), [field]: plain };
}

const ELEMENTS: { readonly [D in DType]: fc.Arbitrary<unknown> } = {
  float32: fc.float({ noNaN: false }),
  float64: fc.double(),
  float16: fc.integer({ min: 0, max: 0xffff }),
  bfloat16: fc.integer({ min: 0, max: 0xffff }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.integer({ min: 0, max: 255 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  bool: fc.integer({ min: 0, max: 1 }),
  string: fc.string({ unit: "grapheme", maxLength: 20 }),
};

const FROM: { readonly [D in DType]: (values: unknown[]) => Tensor["data"] } = {
  float32: (values) => Float32Array.from(values as number[]),
  float64: (values) => Float64Array.from(values as number[]),
  float16: (values) => Uint16Array.from(values as number[]),
  bfloat16: (values) => Uint16Array.from(values as number[]),
  int8: (values) => Int8Array.from(values as number[]),
  uint8: (values) => Uint8Array.from(values as number[]),
  int16: (values) => Int16Array.from(values as number[]),
  uint16: (values) => Uint16Array.from(values as number[]),
  int32: (values) => Int32Array.from(values as number[]),
  uint32: (values) => Uint32Array.from(values as number[]),
  int64: (values) => BigInt64Array.from(values as bigint[]),
  uint64: (values) => BigUint64Array.from(values as bigint[]),
  bool: (values) => Uint8Array.from(values as number[]),
  string: (values) => values as string[],
};

/** Tensors of every type, scalars and empty ones among them. */
function tensors(): fc.Arbitrary<Tensor> {
  return fc
    .tuple(fc.constantFrom(...DTYPE_NAMES), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }))
    .chain(([dtype, sizes]) => {
      const count = sizes.reduce((product, size) => product * size, 1);
      return fc
        .array(ELEMENTS[dtype], { minLength: count, maxLength: count })
        .map((values) => ({ dtype, shape: sizes, data: FROM[dtype](values) }) as Tensor);
    });
}
