import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BatchContext, Context } from "../authoring/context.ts";
import { runBacklog } from "../models/run-backlog.ts";
import { createTensor } from "../tensor/tensor.ts";
import type { ModelsEntry, ServedBatch } from "./service-entry.ts";
import { loadService } from "./load-service.ts";
import { zeroCodeService } from "./zero-code.ts";

const models = fileURLToPath(new URL("../../../../test/models/", import.meta.url));

function entryOf(files: Readonly<Record<string, string>>, batch?: ServedBatch): ModelsEntry {
  const served = Object.entries(files).map(
    ([name, path]) => [name, { path, model: { name, version: 1 }, isDefault: false, batch }] as const,
  );
  return { kind: "models", name: "m", version: "1.0.0", models: Object.fromEntries(served) };
}

describe("zeroCodeService", () => {
  it("names a model that can't be served", async () => {
    await expect(zeroCodeService(entryOf({ predict: join(models, "bfloat16.onnx") }))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^bfloat16\.onnx: .*\/inputs\/x is bfloat16/),
    });
  });

  it("names all models of a folder that can't be served, each in a line", async () => {
    const dir = mkdtempSync(join(tmpdir(), "bento-zero-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    for (const name of ["add-one", "bfloat16", "broken"])
      copyFileSync(join(models, `${name}.onnx`), join(dir, `${name}.onnx`));
    const at = (name: string): string => join(dir, `${name}.onnx`);
    const entry = entryOf({ a: at("add-one"), b: at("bfloat16"), c: at("broken"), d: at("none") });
    await expect(zeroCodeService(entry)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^3 models can't be served:\n  bfloat16\.onnx: .*\n  "broken\.onnx" is not a readable ONNX model: .*\n  there is no model file "none\.onnx"$/,
      ),
    });
  });
});

describe("several model files", () => {
  it("are each behind its own runs only: calls of one don't wait for those of another", async () => {
    const files = { light: join(models, "add-one.onnx"), heavy: join(models, "slow-90ms.onnx") };
    const host = { baseDir: models, storeDir: models, cpus: 1, digests: {} };
    const { service, models: loaded, close } = await loadService(entryOf(files), host);
    onTestFinished(close);
    const run = async (api: string): Promise<void> => {
      const ctx = { api, signal: new AbortController().signal } as Context;
      const x = createTensor("float32", [1, 4], new Float32Array(4));
      const code = service.apis.get(api);
      if (code?.invokeBatch === undefined) await code?.invoke({ x }, ctx);
    };
    await run("heavy");
    await run("light");
    expect(loaded.map(({ place }) => place)).toEqual(["inline", "thread"]);
    expect(runBacklog.lineOf("light")).not.toBe(runBacklog.lineOf("heavy"));
  });
});

describe("a model file with a policy for batches", () => {
  const batch = { maxSize: 8, maxLatencyMs: 5, measured: [{ rows: 1, ms: 2 }] };

  /** Gives calls of one row each to a model and looks at the answers. */
  async function answersOf(path: string, calls: readonly object[]): Promise<unknown> {
    const host = { baseDir: models, storeDir: models, cpus: 1, digests: {} };
    const { service, close } = await loadService(entryOf({ predict: join(models, path) }, batch), host);
    onTestFinished(close);
    expect(service.definition.apis[0]?.batch).toEqual({ maxSize: 8, maxLatencyMs: 5 });
    const code = service.apis.get("predict");
    return code?.invokeBatch?.(calls, { signal: new AbortController().signal } as BatchContext);
  }

  it("joins the rows of several calls and gives each its own", async () => {
    const x = (...values: number[]): object => ({
      x: createTensor("float32", [values.length / 4, 4], Float32Array.from(values)),
    });
    const answers = await answersOf("add-one.onnx", [x(1, 2, 3, 4), x(), x(5, 6, 7, 8, 9, 10, 11, 12)]);
    expect(answers).toEqual([
      { y: createTensor("float32", [1, 4], Float32Array.of(2, 3, 4, 5)) },
      { y: createTensor("float32", [0, 4], new Float32Array()) },
      { y: createTensor("float32", [2, 4], Float32Array.of(6, 7, 8, 9, 10, 11, 12, 13)) },
    ]);
  });

  it("runs a call at a time where the model has no rows", async () => {
    const service = await zeroCodeService(entryOf({ predict: join(models, "scalar.onnx") }, batch));
    expect(service.definition.apis[0]?.batch).toBeNull();
    expect(service.apis.get("predict")?.invokeBatch).toBeUndefined();
  });
});
