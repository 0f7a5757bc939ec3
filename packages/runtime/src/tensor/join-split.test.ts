import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CREATE_DATA, DTYPE_NAMES } from "./dtype.ts";
import { joinRows, splitRows } from "./join-split.ts";
import { createTensor, type Tensor } from "./tensor.ts";

const floats = (shape: readonly number[], ...values: number[]) =>
  createTensor("float32", shape, Float32Array.from(values));

describe("joinRows", () => {
  it("puts rows behind each other", () => {
    expect(joinRows([floats([1, 2], 1, 2), floats([2, 2], 3, 4, 5, 6), floats([0, 2])])).toEqual(
      floats([3, 2], 1, 2, 3, 4, 5, 6),
    );
    const texts = joinRows([createTensor("string", [1], ["a"]), createTensor("string", [2], ["b", "ü"])]);
    expect(texts).toEqual(createTensor("string", [3], ["a", "b", "ü"]));
  });

  it("gives a single tensor back as it is", () => {
    const only = floats([1, 2], 1, 2);
    expect(joinRows([only])).toBe(only);
  });

  it("refuses what does not go together, and what has no rows", () => {
    const refusal = (message: string): unknown => expect.objectContaining({ code: "INVALID_ARGUMENT", message });
    expect(() => joinRows([floats([1, 2], 1, 2), floats([1, 3], 1, 2, 3)])).toThrow(
      refusal("joinRows: expected tensors that differ in their first size alone: float32 [1,2] and float32 [1,3]"),
    );
    expect(() => joinRows<Tensor>([floats([1], 1), createTensor("int8", [1], Int8Array.of(1))])).toThrow(
      refusal("joinRows: expected tensors that differ in their first size alone: float32 [1] and int8 [1]"),
    );
    expect(() => joinRows([floats([], 1), floats([], 1)])).toThrow(refusal("joinRows: a scalar has no rows"));
    expect(() => joinRows([])).toThrow(refusal("joinRows: expected at least one tensor, got none"));
  });
});

describe("splitRows", () => {
  it("gives views of the same memory", () => {
    const whole = floats([3, 2], 1, 2, 3, 4, 5, 6);
    const parts = splitRows(whole, [1, 0, 2]);
    expect(parts).toEqual([floats([1, 2], 1, 2), floats([0, 2]), floats([2, 2], 3, 4, 5, 6)]);
    expect(parts.map(({ data }) => data.buffer)).toEqual([whole.data.buffer, whole.data.buffer, whole.data.buffer]);
    expect(parts[2]?.data.byteOffset).toBe(8);
  });

  it("refuses a tensor whose rows are others than the inputs'", () => {
    const message = "splitRows: expected a tensor of 3 rows, as many as the inputs have, got shape [1,2]";
    expect(() => splitRows(floats([1, 2], 1, 2), [1, 2])).toThrow(
      expect.objectContaining({ code: "INTERNAL", message }),
    );
    expect(() => splitRows(floats([], 1), [1])).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });

  it("gives back what was joined, for every element type", () => {
    const counts = fc.array(fc.nat(5), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.constantFrom(...DTYPE_NAMES),
        counts,
        fc.array(fc.nat(3), { maxLength: 2 }),
        (dtype, rows, rest) => {
          let next = 0;
          const parts = rows.map((count) => {
            const data = CREATE_DATA[dtype]([count, ...rest].reduce((product, size) => product * size, 1));
            for (let index = 0; index < data.length; index += 1)
              data[index] =
                typeof data[index] === "bigint"
                  ? BigInt((next += 1))
                  : typeof data[index] === "string"
                    ? `${(next += 1)}`
                    : (next += 1) % 128;
            return { dtype, shape: [count, ...rest], data } as Tensor;
          });
          const joined = joinRows(parts);
          expect(joined.shape).toEqual([rows.reduce((sum, count) => sum + count, 0), ...rest]);
          expect(splitRows(joined, rows)).toEqual(parts);
        },
      ),
    );
  });
});
