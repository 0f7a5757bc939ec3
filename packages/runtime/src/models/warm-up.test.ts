import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import { createSamples } from "./sample.ts";
import type { ModelInfo, TensorInfo } from "./types.ts";
import { measureRuns } from "./warm-up.ts";

const IMAGE: TensorInfo = { name: "x", dtype: "float32", shape: ["N", 3, "H", "W"] };
const info = (...inputs: TensorInfo[]): ModelInfo => ({ inputs, outputs: [], leftOut: [] });
const texts = (inputs: readonly TensorInfo[], given = {}): string[] =>
  [...createSamples(inputs, given)].map(({ text }) => text);

/** A clock that each run moves on by its own number of milliseconds. */
function fakeModel(...runMs: readonly number[]): { run: () => Promise<void>; now: () => number; count: () => number } {
  let time = 0;
  let count = 0;
  return {
    run: async () => {
      time += runMs[Math.min(count, runMs.length - 1)] ?? 0;
      count += 1;
    },
    now: () => time,
    count: () => count,
  };
}

describe("createSamples", () => {
  it("tries 224 first for free sizes that are not the batch, and each size once", () => {
    expect(texts([IMAGE])).toEqual([224, 64, 320, 48, 32, 8, 1].map((size) => `x: float32 [1,3,${size},${size}]`));
    expect(texts([{ name: "x", dtype: "int64", shape: [null, 13] }])).toEqual(["x: int64 [1,13]"]);
    expect(texts([])).toEqual([""]);
  });

  it("gives sizes of one name the same length, the batch's name 1 wherever it stands", () => {
    const inputs: readonly TensorInfo[] = [
      { name: "a", dtype: "bool", shape: ["N", "T"] },
      { name: "b", dtype: "bool", shape: [2, "T", "N"] },
    ];
    expect(texts(inputs)[0]).toBe("a: bool [1,224]; b: bool [2,224,1]");
  });

  it("makes up zeros, falses and empty texts, one element for a free rank", () => {
    const inputs: readonly TensorInfo[] = [
      { name: "word", dtype: "string", shape: [null, 2] },
      { name: "flag", dtype: "bool", shape: [] },
      { name: "id", dtype: "int64", shape: [], anyRank: true },
    ];
    const [first] = createSamples(inputs, {});
    expect(first?.feeds).toEqual({
      word: { dtype: "string", shape: [1, 2], data: ["", ""] },
      flag: { dtype: "bool", shape: [], data: new Uint8Array([0]) },
      id: { dtype: "int64", shape: [1], data: new BigInt64Array([0n]) },
    });
  });

  it("takes shapes that are given, and leaves made-up ones out that are too large", () => {
    expect(texts([IMAGE], { x: [2, 3, 48, 320] })).toEqual(["x: float32 [2,3,48,320]"]);
    const volume: TensorInfo = { name: "v", dtype: "float32", shape: [null, null, null, null] };
    expect(texts([volume])[0]).toBe("v: float32 [1,64,64,64]");
    expect(texts([{ name: "constructor", dtype: "bool", shape: [1] }])).toEqual(["constructor: bool [1]"]);
  });
});

describe("measureRuns", () => {
  const row: TensorInfo = { name: "x", dtype: "float32", shape: [null, 2] };

  it("measures twenty runs after one that does not count, and gives their 95th percentile", async () => {
    const slowFirst = fakeModel(500, ...Array.from({ length: 20 }, (_, index) => index + 1));
    const measured = await measureRuns({ info: info(row), run: slowFirst.run }, { shapes: {}, now: slowFirst.now });
    // Nearest rank: the 19th of 1 … 20.
    expect(measured).toMatchObject({ runs: 20, p95Ms: 19, note: undefined, sample: { text: "x: float32 [1,2]" } });
    expect(slowFirst.count()).toBe(21);
  });

  it("stops after three runs when they take a second or more", async () => {
    const slow = fakeModel(900);
    const measured = await measureRuns({ info: info(row), run: slow.run }, { shapes: {}, now: slow.now });
    expect(measured).toMatchObject({ runs: 3, p95Ms: 900 });
  });

  it("tries other sizes when the model refuses one", async () => {
    const seen: string[] = [];
    const only48 = async (feeds: Parameters<Parameters<typeof measureRuns>[0]["run"]>[0]): Promise<void> => {
      const shape = String(feeds["x"]?.shape);
      seen.push(shape);
      if (shape !== "1,48") throw new ServingError("INTERNAL", "refused");
    };
    const line: TensorInfo = { name: "x", dtype: "float32", shape: [null, null] };
    const measured = await measureRuns({ info: info(line), run: only48 }, { shapes: {}, now: () => 0 });
    expect(measured).toMatchObject({ runs: 20, p95Ms: 0, sample: { text: "x: float32 [1,48]" } });
    expect(seen.slice(0, 4)).toEqual(["1,224", "1,64", "1,320", "1,48"]);
  });

  it("says what to do when no sample can be run", async () => {
    const never = async (): Promise<void> => {
      throw new ServingError("INTERNAL", "refused");
    };
    const measured = await measureRuns({ info: info(IMAGE), run: never }, { shapes: {}, now: () => 0 });
    expect(measured).toEqual({
      runs: 0,
      p95Ms: undefined,
      sample: undefined,
      note: 'none of 7 made-up samples could be run; pass shapes that it takes: warmup: { "x": […] }',
    });
  });

  it("passes on that what runs the model has failed", async () => {
    const gone = async (): Promise<void> => {
      throw new ServingError("UNAVAILABLE", "gone");
    };
    await expect(measureRuns({ info: info(row), run: gone }, { shapes: {}, now: () => 0 })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });

  it("notes a single integer, which may steer the model and was 0", async () => {
    const rate: TensorInfo = { name: "sr", dtype: "int64", shape: [] };
    const { note } = await measureRuns(
      { info: info(row, rate), run: async () => undefined },
      { shapes: {}, now: () => 0 },
    );
    expect(note).toBe(
      'measured with "sr" = 0; if that value decides how long a run takes, choose run: "thread" or "inline"',
    );
  });
});
