import { describe, expect, it } from "vitest";
import type { NamedTensors } from "../../tensor/tensor.ts";
import type { TensorInfo } from "../types.ts";
import { feedsOfBatch, takesBatches } from "./batch-feeds.ts";

const IMAGE: TensorInfo = { name: "x", dtype: "float32", shape: ["N", 3, "H"] };
const one: NamedTensors = { x: { dtype: "float32", shape: [1, 3, 4], data: new Float32Array(12) } };

describe("feedsOfBatch", () => {
  it("makes the first free axis as long as the batch, and keeps the other sizes of the sample", () => {
    expect(feedsOfBatch([IMAGE], one, 5)?.["x"]?.shape).toEqual([5, 3, 4]);
  });

  it("follows the name of the batch axis wherever it stands, and leaves fixed ones alone", () => {
    const state: TensorInfo = { name: "h", dtype: "float32", shape: [2, "N", 8] };
    const feeds = feedsOfBatch(
      [IMAGE, state],
      { ...one, h: { dtype: "float32", shape: [2, 1, 8], data: new Float32Array(16) } },
      3,
    );
    expect(feeds?.["h"]?.shape).toEqual([2, 3, 8]);
  });

  it("fills floats with the same noise each time, and all else with zeros", () => {
    const ids: TensorInfo = { name: "ids", dtype: "int64", shape: [null] };
    const sample = { ...one, ids: { dtype: "int64", shape: [1], data: new BigInt64Array(1) } } as const;
    const feeds = feedsOfBatch([IMAGE, ids], sample, 2);
    const noise = [...((feeds?.["x"]?.data as Float32Array | undefined) ?? [])];
    expect(noise).toHaveLength(24);
    expect(new Set(noise).size).toBe(24);
    expect(noise.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(feedsOfBatch([IMAGE, ids], sample, 2)).toEqual(feeds);
    expect(feeds?.["ids"]?.data).toEqual(new BigInt64Array(2));
  });

  it("makes none that would take more than 256 MB", () => {
    expect(
      feedsOfBatch([IMAGE], { x: { dtype: "float32", shape: [1, 3, 1000], data: new Float32Array() } }, 21_334),
    ).toBeUndefined();
  });
});

describe("takesBatches", () => {
  it("holds where a first axis is open", () => {
    expect(takesBatches([IMAGE])).toBe(true);
    expect(takesBatches([{ name: "x", dtype: "bool", shape: [null] }])).toBe(true);
    expect(takesBatches([{ name: "x", dtype: "bool", shape: [1, null] }])).toBe(false);
    expect(takesBatches([{ name: "x", dtype: "bool", shape: [] }])).toBe(false);
    expect(takesBatches([])).toBe(false);
  });
});
