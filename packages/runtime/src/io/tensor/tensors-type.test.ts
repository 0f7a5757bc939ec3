import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { Infer } from "../to-io-type.ts";
import type { IoOptions, Payload } from "../types.ts";
import { tensors } from "./tensors-type.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });

describe("tensors", () => {
  const Pair = tensors({ pixels: { dtype: "float32", shape: [null, 2] }, ids: { dtype: "int64", shape: [null] } });
  const pixels: TensorOf<"float32"> = { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, 2) };
  const ids: TensorOf<"int64"> = { dtype: "int64", shape: [1], data: BigInt64Array.of(7n) };

  it("is typed by names and element types", () => {
    expectTypeOf<Infer<typeof Pair>>().toEqualTypeOf<{
      readonly pixels: TensorOf<"float32">;
      readonly ids: TensorOf<"int64">;
    }>();
  });

  it("reads and writes an object of nested lists", () => {
    expect(Pair.read(json({ pixels: [[1, 2]], ids: ["7"] }), STRICT)).toEqual({ pixels, ids });
    expect(Pair.write({ pixels, ids }, "json", STRICT)).toEqual(json({ pixels: [[1, 2]], ids: [7] }));
  });

  it("passes named tensors on and leaves out what is not declared of the author's", () => {
    expect(Pair.read({ kind: "tensors", tensors: { ids, pixels } }, STRICT)).toEqual({ pixels, ids });
    const more = { pixels, ids, more: ids };
    expect(Pair.write(more, "tensors", STRICT)).toEqual({ kind: "tensors", tensors: { pixels, ids } });
  });

  it.each([
    [{ pixls: [[1, 2]], ids: [1] }, ['/pixls: unknown tensor, did you mean "pixels"?', "/pixels: is required"]],
    [
      { pixels: [[1, "a"]], ids: [1.5] },
      ['/pixels/0/1: expected a float32 number, got "a"', "/ids/0: expected an int64 whole number, got 1.5"],
    ],
    [{ pixels: [[1, 2]], ids: [1], banana: 1 }, ['/banana: unknown tensor, expected "pixels", "ids"']],
    [[1], [': expected an object with "pixels", "ids", got a list of 1']],
    [null, [': expected an object with "pixels", "ids", got null']],
  ])("says of %j all that is wrong", (value, expected) => {
    expect(() => Pair.read(json(value), STRICT)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        problems: expected.map((line) => ({
          path: line.slice(0, line.indexOf(": ")),
          message: line.slice(line.indexOf(": ") + 2),
        })),
      }),
    );
  });

  it("refuses tensors of another type by name", () => {
    expect(() => Pair.read({ kind: "tensors", tensors: { pixels: ids, ids } }, STRICT)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "/pixels: expected float32 [-1,2], got int64 [1]" }),
    );
  });

  it("refuses parts both ways", () => {
    expect(() => Pair.read({ kind: "parts", parts: [] }, STRICT)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_MEDIA_TYPE",
        message: "expected application/json, got an empty body",
      }),
    );
    expect(() => Pair.write({ pixels, ids }, "parts", STRICT)).toThrow(
      expect.objectContaining({ code: "NOT_ACCEPTABLE" }),
    );
  });

  it("names what is wrong with the author's value", () => {
    expect(() => Pair.write({ pixels } as never, "json", STRICT)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message:
          "the output does not fit its type: /ids: expected a tensor { dtype, shape, data } of int64 [-1], got undefined",
      }),
    );
    expect(() => Pair.write(null as never, "json", STRICT)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    const data = Float32Array.of(1, NaN);
    expect(() => Pair.write({ pixels: { ...pixels, data }, ids }, "json", STRICT)).toThrow(
      "output /pixels/0/1: NaN can't be written as JSON",
    );
  });

  it("refuses a declaration without names or with unknown types", () => {
    expect(() => tensors({})).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("at least one name") }),
    );
    expect(() => tensors({ x: { dtype: "FP32" as never, shape: [] } })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('tensors: "x": expected an element type') }),
    );
  });

  it("answers any JSON with tensors or INVALID_ARGUMENT, nothing else", async () => {
    const keys = fc.oneof(fc.constantFrom("pixels", "ids", "__proto__", "constructor"), fc.string());
    const values = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), values), async (value) => {
        try {
          await Pair.read(json(JSON.parse(JSON.stringify(value))), STRICT);
        } catch (error) {
          expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
