import { describe, expect, it } from "vitest";
import { grantsFor } from "./grants.ts";

describe("how many calls may begin", () => {
  it.each([
    ["two while no run waits", { waitingRuns: 0, runMs: 90 }, 2],
    ["two where no model has run", { waitingRuns: 0, runMs: undefined }, 2],
    ["one while what waits is done within 20 ms", { waitingRuns: 19, runMs: 1 }, 1],
    ["none while what waits takes longer", { waitingRuns: 20, runMs: 1 }, 0],
    ["none while one long run waits", { waitingRuns: 1, runMs: 90 }, 0],
    ["none while a run waits of which nobody knows how long it takes", { waitingRuns: 1, runMs: undefined }, 0],
  ])("is %s", (_name, workload, expected) => {
    expect(grantsFor(workload)).toBe(expected);
  });
});
