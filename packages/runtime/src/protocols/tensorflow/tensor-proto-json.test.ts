import { describe, expect, it } from "vitest";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorProtoFromJson, tensorProtoToJson } from "./tensor-proto-json.ts";

const read = (value: unknown): Tensor =>
  tensorProtoFromJson(value, "/data/tftensor", { leftBytes: 1_000, limitName: "server.limits.json" });

describe("tensorProtoFromJson", () => {
  it("reads names in camelCase and in snake_case, sizes as texts and as numbers, the type by name and by number", () => {
    const expected = { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, -2) };
    expect(
      read({ dtype: "DT_FLOAT", tensorShape: { dim: [{ size: "1" }, { size: "2", name: "x" }] }, floatVal: [1, -2] }),
    ).toEqual(expected);
    expect(read({ dtype: 1, tensor_shape: { dim: [{ size: 1 }, { size: 2 }] }, float_val: ["1", "-2e0"] })).toEqual(
      expected,
    );
  });

  it("reads content in base64, of either alphabet, with and without padding", () => {
    const shape = { dim: [{ size: "1" }] };
    // fb ff bf ff: the bytes that need both of the alphabet's special characters.
    const bytes = Uint8Array.of(0xfb, 0xff, 0xbf, 0xff);
    for (const tensorContent of ["+/+//w==", "-_-__w==", "-_-__w"])
      expect(read({ dtype: "DT_UINT32", tensorShape: shape, tensorContent }).data).toEqual(
        new Uint32Array(bytes.buffer),
      );
    expect(read({ dtype: "DT_UINT32", tensorShape: shape, tensorContent: "", uint32Val: [7] }).data).toEqual(
      Uint32Array.of(7),
    );
  });

  it("reads texts as base64, NaN and infinities as texts, halves as bits, 64-bit numbers exactly in either form", () => {
    const shape = (size: number): object => ({ dim: [{ size }] });
    expect(read({ dtype: "DT_STRING", tensorShape: shape(1), stringVal: ["w6TDtg=="] }).data).toEqual(["äö"]);
    expect(
      read({ dtype: "DT_DOUBLE", tensorShape: shape(3), doubleVal: ["NaN", "Infinity", "-Infinity"] }).data,
    ).toEqual(Float64Array.of(NaN, Infinity, -Infinity));
    expect(read({ dtype: "DT_HALF", tensorShape: shape(1), halfVal: [15360] }).data).toEqual(Uint16Array.of(15360));
    expect(
      read({ dtype: "DT_INT64", tensorShape: shape(3), int64Val: ["9007199254740993", 9007199254740993n, 5] }).data,
    ).toEqual(BigInt64Array.of(9007199254740993n, 9007199254740993n, 5n));
  });

  it("takes null for a field that is left out, and repeats the last value", () => {
    expect(
      read({ dtype: "DT_BOOL", tensorShape: { dim: [{ size: 3 }] }, tensorContent: null, boolVal: [true, false] }).data,
    ).toEqual(Uint8Array.of(1, 0, 0));
  });

  it.each<[unknown, string]>([
    ["text", "/data/tftensor: expected an object with dtype, tensorShape"],
    [{ dtype: "DT_FLOAT", floatval: [1] }, '/data/tftensor/floatval: unknown field, did you mean "floatVal"?'],
    [{ dtype: "DT_COMPLEX64" }, "/data/tftensor: expected a dtype of"],
    [{ floatVal: [1] }, "/data/tftensor: expected a dtype of"],
    [{ dtype: "DT_FLOAT", floatVal: 1 }, "/data/tftensor/floatVal: expected a list, got 1"],
    [
      { dtype: "DT_FLOAT", tensorShape: { dim: [{ size: 2 }] }, floatVal: [1, "x"] },
      "/data/tftensor/floatVal/1: expected",
    ],
    [{ dtype: "DT_FLOAT", tensorShape: { dim: [{ size: 1 }] }, floatVal: [1, 2] }, "/data/tftensor: expected 1 value"],
    [{ dtype: "DT_FLOAT", tensorShape: { dim: [{ size: 1.5 }] } }, "/data/tftensor/tensorShape/dim/0/size"],
    [
      { dtype: "DT_FLOAT", tensorShape: { dim: [{ size: -1 }] }, floatVal: [1] },
      "/data/tftensor/tensorShape: expected",
    ],
    [{ dtype: "DT_FLOAT", tensorContent: "%%%%" }, "/data/tftensor/tensorContent: not base64"],
    [{ dtype: "DT_FLOAT", tensorContent: "AAA=" }, "/data/tftensor/tensorContent: expected 4 bytes"],
    [{ dtype: "DT_STRING", tensorContent: "YQ==" }, "/data/tftensor/tensorContent: expected the texts of DT_STRING"],
    [
      { dtype: "DT_FLOAT", tensorContent: "AACAPw==", doubleVal: [], floatVal: [1] },
      "/data/tftensor/tensorContent: expected values in tensor_content or in a list, got tensor_content and float_val",
    ],
    [{ dtype: "DT_STRING", stringVal: ["/w=="] }, "/data/tftensor/stringVal/0: expected UTF-8 text"],
    [{ dtype: "DT_INT32", intVal: [1.5] }, "/data/tftensor/intVal/0: expected an int32 whole number"],
  ])("refuses %j with its place", (value, message) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) as unknown }),
    );
  });

  it("allocates nothing for a shape that repeats one value past the budget", () => {
    expect(() => read({ dtype: "DT_FLOAT", tensorShape: { dim: [{ size: 1e9 }] }, floatVal: [1] })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }),
    );
  });
});

describe("tensorProtoToJson", () => {
  it("writes the list of the type, 64-bit numbers and non-finite ones as texts", () => {
    expect(
      tensorProtoToJson({ dtype: "int64", shape: [2], data: BigInt64Array.of(1n, -(2n ** 63n)) }, "lists"),
    ).toEqual({
      dtype: "DT_INT64",
      tensorShape: { dim: [{ size: "2" }] },
      int64Val: ["1", "-9223372036854775808"],
    });
    expect(tensorProtoToJson({ dtype: "float64", shape: [2], data: Float64Array.of(NaN, 0.5) }, "lists")).toEqual({
      dtype: "DT_DOUBLE",
      tensorShape: { dim: [{ size: "2" }] },
      doubleVal: ["NaN", 0.5],
    });
  });

  it("writes little-endian content in base64", () => {
    expect(tensorProtoToJson({ dtype: "float32", shape: [1], data: Float32Array.of(1) }, "content")).toEqual({
      dtype: "DT_FLOAT",
      tensorShape: { dim: [{ size: "1" }] },
      tensorContent: "AACAPw==",
    });
  });
});
