import { describe, expect, expectTypeOf, it } from "vitest";
import type { Tensor, TensorOf } from "../../tensor/tensor.ts";
import { contentFromBytes } from "../content.ts";
import { stringifyJson } from "../json-text.ts";
import type { Infer } from "../to-io-type.ts";
import type { IoOptions, Payload } from "../types.ts";
import { tensor } from "./tensor-type.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });
const raw = (bytes: Uint8Array, mediaType = "application/octet-stream"): Payload => ({
  kind: "parts",
  parts: [{ name: undefined, fileName: undefined, mediaType, content: contentFromBytes(bytes) }],
});

describe("tensor", () => {
  const Rows = tensor("float32", [null, 2]);
  const value: TensorOf<"float32"> = { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4.5) };

  it("is typed by its element type", () => {
    expectTypeOf<Infer<typeof Rows>>().toEqualTypeOf<TensorOf<"float32">>();
    const ids = tensor("int64", []);
    expectTypeOf<Infer<typeof ids>["data"]>().toEqualTypeOf<BigInt64Array>();
  });

  it("reads and writes nested lists", () => {
    expect(
      Rows.read(
        json([
          [1, 2],
          [3, 4.5],
        ]),
        STRICT,
      ),
    ).toEqual(value);
    expect(Rows.write(value, "json", STRICT)).toEqual(
      json([
        [1, 2],
        [3, 4.5],
      ]),
    );
  });

  it("names the place of each fault", () => {
    expect(() =>
      Rows.read(
        json([
          [1, 2],
          [3, "x"],
        ]),
        STRICT,
      ),
    ).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: '/1/1: expected a float32 number, got "x"' }),
    );
  });

  it("reads the one tensor of a tensor protocol and answers one", () => {
    expect(Rows.read({ kind: "tensors", tensors: { anything: value } }, STRICT)).toBe(value);
    expect(Rows.write(value, "tensors", STRICT)).toEqual({ kind: "tensors", tensors: { output: value } });
  });

  it("refuses non-finite numbers in raw bodies and tensors as in JSON, unless the policy takes them", async () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, NaN).buffer);
    const tensors = { x: { dtype: "float32", shape: [1, 2], data: Float32Array.of(-Infinity, 1) } } as const;
    await expect(Rows.read(raw(bytes), STRICT)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "expected finite numbers, element 3 is none",
    });
    expect(() => Rows.read({ kind: "tensors", tensors }, STRICT)).toThrow(
      "/x: expected finite numbers, element 0 is none",
    );
    await expect(Rows.read(raw(bytes), { nan: "null" })).resolves.toMatchObject({
      data: Float32Array.of(1, 2, 3, NaN),
    });
    expect(Rows.read({ kind: "tensors", tensors }, { nan: "string" })).toBe(tensors.x);
  });

  it.each<[string, Record<string, Tensor>, string]>([
    [
      "another element type",
      { x: { dtype: "float64", shape: [1, 2], data: new Float64Array(2) } },
      "/x: expected float32 [-1,2], got float64 [1,2]",
    ],
    [
      "another shape",
      { x: { dtype: "float32", shape: [2], data: new Float32Array(2) } },
      "/x: expected float32 [-1,2], got float32 [2]",
    ],
    ["two tensors", { x: value, y: value }, "expected one tensor of float32 [-1,2], got 2"],
    ["no tensor", {}, "expected one tensor of float32 [-1,2], got 0"],
  ])("refuses %s", (_name, tensors, message) => {
    expect(() => Rows.read({ kind: "tensors", tensors }, STRICT)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message }),
    );
  });

  it("reads a raw body, whose length tells the free size, and answers one", async () => {
    const bytes = new Uint8Array(value.data.buffer);
    await expect(Rows.read(raw(bytes), STRICT)).resolves.toEqual(value);
    await expect(Rows.read(raw(new Uint8Array(0)), STRICT)).resolves.toMatchObject({ shape: [0, 2] });
    await expect(tensor("uint8", [4]).read(raw(Uint8Array.of(1, 2, 3, 4)), STRICT)).resolves.toMatchObject({
      shape: [4],
    });
    const reply = await Rows.write(value, "parts", STRICT);
    if (reply.kind !== "parts") throw new Error("expected parts");
    expect(reply.parts[0]?.mediaType).toBe("application/octet-stream");
    expect(await reply.parts[0]?.content.bytes()).toEqual(bytes);
  });

  it.each([
    [
      "a length that makes no whole rows",
      Rows,
      raw(new Uint8Array(12)),
      "INVALID_ARGUMENT",
      "expected a multiple of 8 bytes for float32 [-1,2], got 12",
    ],
    [
      "another length than the shape's",
      tensor("uint8", [4]),
      raw(new Uint8Array(3)),
      "INVALID_ARGUMENT",
      "expected 4 bytes for uint8 of shape [4], got 3",
    ],
    [
      "two free sizes",
      tensor("uint8", [null, null]),
      raw(new Uint8Array(3)),
      "UNSUPPORTED_MEDIA_TYPE",
      "a raw body can't carry shape [-1,-1]",
    ],
    [
      "strings",
      tensor("string", [null]),
      raw(new Uint8Array(3)),
      "UNSUPPORTED_MEDIA_TYPE",
      "a raw body can't carry strings",
    ],
    [
      "pictures",
      Rows,
      raw(new Uint8Array(8), "image/png"),
      "UNSUPPORTED_MEDIA_TYPE",
      "expected application/json or application/octet-stream, got image/png",
    ],
    [
      "bytes for a shape without elements",
      tensor("uint8", [null, 0]),
      raw(new Uint8Array(3)),
      "INVALID_ARGUMENT",
      "expected 0 bytes for uint8 of shape [0,0], got 3",
    ],
  ])("refuses in a raw body %s", async (_name, type, payload, code, message) => {
    await expect(Promise.resolve().then(() => type.read(payload, STRICT))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it("keeps every digit of int64 both ways", () => {
    const Ids = tensor("int64", [null]);
    const data = BigInt64Array.of(9223372036854775807n, -9007199254740993n, 5n);
    expect(Ids.read(json([9223372036854775807n, "-9007199254740993", 5]), STRICT)).toEqual({
      dtype: "int64",
      shape: [3],
      data,
    });
    const written = Ids.write({ dtype: "int64", shape: [3], data }, "json", STRICT) as { value: unknown };
    expect(stringifyJson(written.value)).toBe("[9223372036854775807,-9007199254740993,5]");
  });

  it("follows the policy for non-finite numbers both ways", () => {
    const data = Float32Array.of(NaN, Infinity);
    expect(Rows.write({ dtype: "float32", shape: [1, 2], data }, "json", { nan: "string" })).toEqual(
      json([["NaN", "Infinity"]]),
    );
    expect(Rows.read(json([["NaN", "Infinity"]]), { nan: "string" })).toEqual({
      dtype: "float32",
      shape: [1, 2],
      data,
    });
    expect(() => Rows.write({ dtype: "float32", shape: [1, 2], data }, "json", STRICT)).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining("output /0/0: NaN") }),
    );
  });

  it.each([
    ["a list", [[1, 2]], "got a list of 1"],
    ["data of another class", { dtype: "float32", shape: [1, 2], data: [1, 2] }, "got an object"],
    [
      "another element type",
      { dtype: "float64", shape: [1, 2], data: new Float64Array(2) },
      "expected float32 [-1,2], got float64 [1,2]",
    ],
    [
      "another shape",
      { dtype: "float32", shape: [2], data: new Float32Array(2) },
      "expected float32 [-1,2], got float32 [2]",
    ],
    [
      "too little data",
      { dtype: "float32", shape: [3, 2], data: new Float32Array(2) },
      "expected 6 elements for shape [3,2], got 2",
    ],
    ["nothing", undefined, "got undefined"],
  ])("refuses %s from the author as INTERNAL", (_name, given, message) => {
    expect(() => Rows.write(given as never, "json", STRICT)).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [
      "FP32",
      [1],
      'expected an element type of float32, float64, float16, bfloat16, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool, string, got "FP32"',
    ],
    ["float32", [-1], "expected sizes ≥ 0, null where free, got -1"],
    ["float32", "2x3", 'expected a shape such as [null, 4], got "2x3"'],
  ])("refuses the declaration %s %j", (dtype, shape, message) => {
    expect(() => tensor(dtype as never, shape as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: `tensor: ${message}` }),
    );
  });

  it("describes itself as frozen plain data", () => {
    expect(Rows.spec).toEqual({ kind: "tensor", dtype: "float32", shape: [null, 2] });
    expect(Object.isFrozen(Rows.spec)).toBe(true);
  });
});
