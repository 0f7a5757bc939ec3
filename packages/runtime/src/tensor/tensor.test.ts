import { describe, expect, it } from "vitest";
import { createTensor } from "./tensor.ts";

describe("createTensor", () => {
  it("keeps dtype, shape and data", () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(createTensor("float32", [2, 3], data)).toEqual({ dtype: "float32", shape: [2, 3], data });
  });

  it("refuses data of another length than the shape tells", () => {
    expect(() => createTensor("int8", [2, 2], Int8Array.of(1, 2, 3))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "expected 4 elements for shape [2,2], got 3" }),
    );
  });
});
