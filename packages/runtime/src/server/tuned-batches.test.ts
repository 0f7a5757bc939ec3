import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ModelsEntry, ServedBatch } from "./service-entry.ts";
import { withTunedBatches } from "./tuned-batches.ts";

const baseDir = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
const path = `${baseDir}mlp-small.onnx`;
const digest = `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
const host = { baseDir, storeDir: `${baseDir}no-store`, digests: {} };
const entry = (batch?: ServedBatch): ModelsEntry => ({
  kind: "models",
  name: "mlp",
  version: "1.0.0",
  models: { predict: { path, model: { name: "predict", version: 1 }, isDefault: true, ...(batch && { batch }) } },
});
const tuned = (maxSize: number, ms: number) => ({
  maxSize,
  measured: [
    { rows: 1, ms: 1 },
    { rows: maxSize, ms },
  ],
});

async function batchWith(tunedBatches: Readonly<Record<string, ReturnType<typeof tuned>>>, batch?: ServedBatch) {
  const { models } = await withTunedBatches(entry(batch), { ...host, tunedBatches });
  return models["predict"]?.batch;
}

describe("withTunedBatches", () => {
  it("joins calls up to the knee, and lets them wait as long as such a batch runs", async () => {
    expect(await batchWith({ [digest]: tuned(8, 7.2) })).toEqual({ ...tuned(8, 7.2), maxLatencyMs: 8 });
  });

  it("lets them wait for 1 ms at least and 20 ms at most", async () => {
    expect(await batchWith({ [digest]: tuned(128, 0.04) })).toMatchObject({ maxLatencyMs: 1 });
    expect(await batchWith({ [digest]: tuned(4, 300) })).toMatchObject({ maxLatencyMs: 20 });
  });

  it("leaves other models, and a policy that is there", async () => {
    expect(await batchWith({ [`sha256:${"0".repeat(64)}`]: tuned(8, 1) })).toBeUndefined();
    const own = { maxSize: 2, maxLatencyMs: 5 };
    expect(await batchWith({ [digest]: tuned(8, 1) }, own)).toEqual(own);
    expect(await withTunedBatches(entry(), host)).toEqual(entry());
  });
});
