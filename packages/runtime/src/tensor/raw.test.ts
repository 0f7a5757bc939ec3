import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DTYPE_NAMES, DTYPES } from "./dtype.ts";
import { fromBytes, toBytes } from "./raw.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("toBytes", () => {
  it("writes numbers little-endian, as IEEE 754 and two's complement have them", () => {
    expect(toBytes({ dtype: "float32", shape: [2], data: Float32Array.of(1, -2) })).toEqual(
      bytes(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0),
    );
    expect(toBytes({ dtype: "int16", shape: [2], data: Int16Array.of(-2, 258) })).toEqual(bytes(0xfe, 0xff, 2, 1));
    expect(toBytes({ dtype: "int64", shape: [], data: BigInt64Array.of(-2n) })).toEqual(
      bytes(0xfe, ...Array(7).fill(0xff)),
    );
    expect(toBytes({ dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) })).toEqual(bytes(1, 0, 1));
  });

  it("writes strings as length and UTF-8 each", () => {
    expect(Uint8Array.from(toBytes({ dtype: "string", shape: [3], data: ["a", "", "é"] }))).toEqual(
      bytes(1, 0, 0, 0, 0x61, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa9),
    );
  });

  it("does not copy numbers, also of a tensor that is a part of a larger memory", () => {
    const data = new Float32Array(10).subarray(2, 4);
    const view = toBytes({ dtype: "float32", shape: [2], data });
    expect(view.buffer).toBe(data.buffer);
    expect([view.byteOffset, view.byteLength]).toEqual([8, 8]);
  });
});

describe("fromBytes", () => {
  it("makes a view when the bytes start where the elements can", () => {
    const body = bytes(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
    const tensor = fromBytes(body, "float32", [2, 1]);
    expect(tensor).toEqual({ dtype: "float32", shape: [2, 1], data: Float32Array.of(1, -2) });
    expect(tensor.data.buffer).toBe(body.buffer);
  });

  it("copies bytes that start elsewhere, also of a Buffer", () => {
    const body = Buffer.from([9, 0, 0, 0x80, 0x3f]).subarray(1);
    expect(body.byteOffset % 4).not.toBe(0);
    const tensor = fromBytes(body, "float32", [1]);
    expect(tensor.data).toEqual(Float32Array.of(1));
    body.fill(0);
    expect(tensor.data).toEqual(Float32Array.of(1));
  });

  it("refuses a length that does not fit the shape", () => {
    expect(() => fromBytes(bytes(1, 2, 3), "float32", [1])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "expected 4 bytes for float32 of shape [1], got 3",
      }),
    );
    expect(() => fromBytes(bytes(1), "uint8", [0])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => fromBytes(bytes(), "float64", [2 ** 40, 2 ** 40])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("refuses a bool that is neither 0 nor 1", () => {
    expect(() => fromBytes(bytes(0, 1, 2), "bool", [3])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "expected bytes 0 or 1 for bool, got 2 in element 2",
      }),
    );
  });

  it.each([
    ["ends inside a length", bytes(1, 0), [1], "1 strings need at least 4 bytes, got 2"],
    ["ends before an element", bytes(4, 0, 0, 0, 65, 66, 67, 68), [2], "the bytes end before element 1"],
    ["is said to be longer than it is", bytes(200, 0, 0, 0, 65), [1], "element 0 is said to end at byte 204 of 5"],
    ["goes on after the last element", bytes(1, 0, 0, 0, 65, 66), [1], "1 bytes are left after the last of 1 strings"],
    ["holds more elements than bytes", bytes(), [1e9], "1000000000 strings need at least 4000000000 bytes, got 0"],
  ])("refuses strings whose body %s", (_name, body, shape, message) => {
    expect(() => fromBytes(body, "string", shape)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it("refuses strings that are not UTF-8", () => {
    expect(() => fromBytes(bytes(2, 0, 0, 0, 0xc3, 0x28), "string", [1])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "expected UTF-8 text in element 0 of a string tensor",
      }),
    );
  });

  it("keeps a byte order mark, which belongs to the text", () => {
    expect(fromBytes(bytes(4, 0, 0, 0, 0xef, 0xbb, 0xbf, 65), "string", [1]).data).toEqual(["\ufeffA"]);
  });

  it("gives back what toBytes wrote, from any offset", () => {
    const numeric = DTYPE_NAMES.filter((dtype) => dtype !== "string" && dtype !== "bool");
    fc.assert(
      fc.property(
        fc.constantFrom(...numeric),
        fc.uint8Array({ maxLength: 64 }),
        fc.integer({ min: 0, max: 9 }),
        (dtype, content, offset) => {
          const size = Number(DTYPES[dtype].bytes);
          const body = new Uint8Array(offset + content.length);
          body.set(content, offset);
          const whole = body.subarray(offset, offset + Math.floor(content.length / size) * size);
          expect(toBytes(fromBytes(whole, dtype, [whole.length / size]))).toEqual(whole);
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (values) => {
        expect(
          fromBytes(toBytes({ dtype: "string", shape: [values.length], data: values }), "string", [values.length]).data,
        ).toEqual(values);
      }),
    );
  });

  it("answers any bytes with a tensor or INVALID_ARGUMENT, nothing else", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DTYPE_NAMES),
        fc.uint8Array({ maxLength: 40 }),
        fc.array(fc.nat(5), { maxLength: 3 }),
        (dtype, body, shape) => {
          try {
            fromBytes(body, dtype, shape);
          } catch (error) {
            expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
