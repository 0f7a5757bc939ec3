import { createTensor } from "@bento-ts/runtime";
import { describe, expect, it } from "vitest";
import { readLine } from "./ctc.ts";

// Symbols: blank, "a", "b", space.
const read = (...steps: [number, number, number, number][]): ReturnType<typeof readLine> =>
  readLine(createTensor("float32", [1, steps.length, 4], Float32Array.from(steps.flat())), ["a", "b"]);

describe("readLine", () => {
  it("drops blanks and repeats, keeps a letter doubled across a blank, and ends with the space", () => {
    const A = [0, 1, 0, 0] as [number, number, number, number];
    const blank = [1, 0, 0, 0] as [number, number, number, number];
    const space = [0, 0, 0, 1] as [number, number, number, number];
    expect(read(A, A, blank, A, space, [0, 0, 1, 0])).toEqual({ text: "aa b", confidence: 1 });
  });

  it("gives the mean score of the kept steps as confidence", () => {
    expect(read([0, 0.75, 0.25, 0], [0.5, 0.25, 0.25, 0], [0, 0, 0.25, 0.5])).toEqual({
      text: "a ",
      confidence: 0.625,
    });
  });

  it("reads nothing with confidence 0 when all is blank", () => {
    expect(read([1, 0, 0, 0])).toEqual({ text: "", confidence: 0 });
  });
});
