import { describe, expect, it } from "vitest";
import { batchesBetween, parseBatchRows } from "./batch-rows.ts";

const METRICS = `# TYPE bento_batch_rows histogram
bento_batch_rows_bucket{api="score",le="1"} 2
bento_batch_rows_bucket{api="score",le="2"} 3
bento_batch_rows_bucket{api="score",le="4"} 3
bento_batch_rows_bucket{api="score",le="8"} 9
bento_batch_rows_bucket{api="score",le="+Inf"} 10
bento_batch_rows_sum{api="score"} 99
bento_batch_rows_bucket{api="other",le="1"} 50
`;

describe("the batches of an API", () => {
  it("are read from its buckets alone", () => {
    expect([...parseBatchRows(METRICS, "score")]).toEqual([
      ["1", 2],
      ["2", 3],
      ["4", 3],
      ["8", 9],
      ["+Inf", 10],
    ]);
    expect(parseBatchRows(METRICS, "none").size).toBe(0);
  });

  it("are those between two scrapes, each in one range", () => {
    const after = parseBatchRows(METRICS, "score");
    expect(batchesBetween(new Map(), after)).toEqual([
      { rows: "1", batches: 2 },
      { rows: "2", batches: 1 },
      { rows: "5–8", batches: 6 },
      { rows: "> 8", batches: 1 },
    ]);
    expect(batchesBetween(after, after)).toEqual([]);
  });
});
