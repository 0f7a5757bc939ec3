import { describe, expect, it } from "vitest";
import { barChart } from "./bar-chart.ts";

describe("barChart", () => {
  it("draws bars in eighths of a character, the longest as wide as it may be", () => {
    const bars = [
      { label: "1", value: 8, text: "8" },
      { label: "16", value: 3, text: "three" },
      { label: "32", value: 0, text: "0" },
      { label: "64", value: 0.001, text: "little" },
    ];
    expect(barChart(bars, 4)).toEqual(["   1 ████ 8", "  16 █▌ three", "  32 0", "  64 ▏ little"]);
  });

  it("draws nothing of nothing", () => {
    expect(barChart([])).toEqual([]);
    expect(barChart([{ label: "a", value: 0, text: "" }])).toEqual(["  a"]);
  });
});
