import { describe, expect, it } from "vitest";
import { soak } from "./soak.ts";

describe.skipIf(process.platform !== "linux")("a soak, its short form", () => {
  it("accounts for every call of every protocol while callers leave, a worker is killed and the certificate changes", async () => {
    const report = await soak({ seed: 8, callsPerProtocol: 3_000, steps: 3 });
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ kills: 3, swaps: 3 });
    expect(report.calls).toBeGreaterThanOrEqual(4 * 3_000);
  }, 240_000);
});
