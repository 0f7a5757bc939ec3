import { describe, expect, it } from "vitest";
import type { NamedTensors } from "../../tensor/tensor.ts";
import type { ModelInfo } from "../types.ts";
import { scoutBatches, type ScoutOptions } from "./scout.ts";

const info: ModelInfo = { inputs: [{ name: "x", dtype: "float32", shape: [null] }], outputs: [], leftOut: [] };
const sample: NamedTensors = { x: { dtype: "float32", shape: [1], data: new Float32Array(1) } };
const rowsOf = (feeds: NamedTensors): number => feeds["x"]?.shape[0] ?? 0;

/** A model whose run of `rows` takes `costMs(rows)` by the clock that it moves on. */
function fake(costMs: (rows: number) => number, outputRows = (rows: number): number => rows) {
  let time = 0;
  const executor = {
    info,
    run: async (feeds: NamedTensors): Promise<NamedTensors> => {
      const rows = rowsOf(feeds);
      time += costMs(rows);
      const shape = [outputRows(rows)];
      return { y: { dtype: "float32", shape, data: new Float32Array(outputRows(rows)) } };
    },
  };
  const options: ScoutOptions = {
    batches: [1, 2, 4, 8, 16, 32],
    sample,
    untilMs: Infinity,
    now: () => time,
    signal: new AbortController().signal,
  };
  return { executor, options };
}

describe("scoutBatches", () => {
  const sizes = async ({ executor, options }: ReturnType<typeof fake>, over: Partial<ScoutOptions> = {}) => {
    const { found, ...rest } = await scoutBatches(executor, { ...options, ...over });
    return { sizes: found.map(({ batch }) => batch), ...rest };
  };

  it("finds all batches of a model that gains from them", async () => {
    expect(await sizes(fake(() => 10))).toEqual({ sizes: [1, 2, 4, 8, 16, 32], note: undefined, isOutOfTime: false });
  });

  it("goes two sizes past half as much again as the cheapest, and no further", async () => {
    // An item costs 10 ms, from 4 on 20.
    expect(await sizes(fake((rows) => rows * (rows < 4 ? 10 : 20)))).toEqual({
      sizes: [1, 2, 4, 8],
      note: undefined,
      isOutOfTime: false,
    });
  });

  it("stops where the next size would not be done in time, but tries one item in any case", async () => {
    // 10 ms an item: 1 is run twice by 20; 2, expected to take 40, by 60; 4 would take 80.
    expect(
      await sizes(
        fake((rows) => rows * 10),
        { untilMs: 100 },
      ),
    ).toMatchObject({ sizes: [1, 2] });
    expect(
      await sizes(
        fake((rows) => rows * 10),
        { untilMs: 0 },
      ),
    ).toMatchObject({ sizes: [1] });
  });

  it("says that a model does not take several items, or does not answer each", async () => {
    const refusing = fake((rows) => {
      if (rows > 2) throw new Error("no");
      return 10;
    });
    expect(await sizes(refusing)).toMatchObject({ sizes: [1, 2], note: "it can't run 4 items at once" });
    expect(
      await sizes(
        fake(
          () => 10,
          () => 1,
        ),
      ),
    ).toMatchObject({ sizes: [1], note: "its outputs don't have one row for each item: items can't be batched" });
  });

  it("passes on that one item can't be run", async () => {
    const broken = fake(() => {
      throw new Error("broken");
    });
    await expect(scoutBatches(broken.executor, broken.options)).rejects.toThrow("broken");
  });
});
