import { describe, expect, it } from "vitest";
import { defineService } from "../definition/define-service.ts";
import { concurrencyOf } from "./open-batchers.ts";

const spec = { kind: "text", maxLength: null } as const;
const sized = (...sizes: (number | undefined)[]) =>
  defineService({
    name: "sized",
    apis: sizes.map((maxSize, at) => ({
      name: `api${at}`,
      input: spec,
      output: spec,
      batch: maxSize === undefined ? undefined : { maxSize, maxLatencyMs: 1 },
    })),
  });

describe("concurrencyOf", () => {
  it("lets two batches of each batched API in beside other calls, up to a bound", () => {
    expect(concurrencyOf(sized(undefined))).toBe(64);
    expect(concurrencyOf(sized(undefined, 32, 100))).toBe(64 + 2 * 132);
    expect(concurrencyOf(sized(100_000))).toBe(1024);
  });
});
