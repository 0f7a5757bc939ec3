import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTempDir } from "../temp-dir.fixture.ts";
import {
  mergeTuneFiles,
  parseTuneFile,
  printTuneFile,
  readTuneFile,
  type TunedModel,
  type TuneFile,
} from "./tune-file.ts";
import { writeTuneFile } from "./write-tune-file.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

function tuned(model: string, digit: string, batch: number | null = 8): TunedModel {
  return {
    model,
    digest: digest(digit),
    engine: "onnx",
    measuredAt: "2026-11-26T12:00:00.000Z",
    sample: "x: float32 [1,4]",
    choice: { threads: 1, place: "inline", batch },
    note: null,
    measurements: [{ place: "inline", threads: 1, batch: 1, runs: 100_000, p50Ms: 1.14, p95Ms: 2 }],
  };
}

const file = (...models: readonly TunedModel[]): TuneFile => ({
  formatVersion: 1,
  machine: { cpuModel: "AMD EPYC", cpus: 2, cpusPerWorker: 1 },
  models,
});

describe("bento.tune.json", () => {
  it("is read as it was written, null where there is no batch", async () => {
    const written = file(tuned("a.onnx", "a"), tuned("b.onnx", "b", null));
    expect(parseTuneFile(printTuneFile(written))).toEqual(written);
    const dir = await createTempDir();
    expect(await readTuneFile(dir)).toBeUndefined();
    await writeTuneFile(dir, written);
    expect(await readTuneFile(dir)).toEqual(written);
    expect(await readdir(dir)).toEqual(["bento.tune.json"]);
  });

  const broken: readonly (readonly [string, string, string])[] = [
    ["no JSON", "{", "it is no JSON"],
    ["a list", "[]", "it: expected an object"],
    ["another version", '{"formatVersion": 2}', 'expected "formatVersion": 1, this version knows no other'],
    ["no machine", '{"formatVersion": 1}', "machine: expected an object"],
    ["a text for a number", text('"cpus": 2', '"cpus": "2"'), "machine.cpus: expected a whole number from 1 to 65536"],
    [
      "no thread",
      text('"threads": 1', '"threads": 0'),
      "models[0].choice.threads: expected a whole number from 1 to 256",
    ],
    ["another place", text('"inline"', '"gpu"'), 'models[0].choice.place: expected "inline" or "thread"'],
    [
      "half a batch",
      text('"batch": 8', '"batch": 1.5'),
      "models[0].choice.batch: expected a whole number from 1 to 65536, or null",
    ],
    ["a short digest", text("a".repeat(64), "ab"), 'models[0].digest: expected "sha256:" and 64 hexadecimal digits'],
    ["no time", text('"p50Ms": 1.14', '"p50Ms": -1'), "models[0].measurements[0].p50Ms: expected milliseconds"],
    [
      "no runs",
      text('"runs": 100000', '"runs": 0'),
      "models[0].measurements[0].runs: expected a whole number, at least 1",
    ],
  ];
  function text(before: string, after: string): string {
    return printTuneFile(file(tuned("a.onnx", "a"))).replace(before, after);
  }

  it.each(broken)("is refused with %s", (_, content, reason) => {
    expect(() => parseTuneFile(content)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: `bento.tune.json can't be used: ${reason}; "bento-ts tune" writes it anew`,
      }),
    );
  });

  it("is read or refused, whatever it holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        try {
          expect(parseTuneFile(content)).toEqual(JSON.parse(content));
        } catch (error) {
          expect(error).toMatchObject({ code: "FAILED_PRECONDITION" });
        }
      }),
    );
  });
});

describe("writing into a file that is there", () => {
  it("keeps other models, and replaces one of the same content or name", () => {
    const before = file(tuned("a.onnx", "a"), tuned("old-name.onnx", "b"), tuned("c.onnx", "c"));
    const merged = mergeTuneFiles(before, file(tuned("b.onnx", "b", 2), tuned("c.onnx", "d", 4)));
    expect(merged.models.map(({ model, digest: of, choice }) => [model, of.at(-1), choice.batch])).toEqual([
      ["a.onnx", "a", 8],
      ["b.onnx", "b", 2],
      ["c.onnx", "d", 4],
    ]);
  });

  it("keeps nothing that was measured with other CPUs", () => {
    const before = { ...file(tuned("a.onnx", "a")), machine: { cpuModel: "AMD EPYC", cpus: 4, cpusPerWorker: 1 } };
    expect(mergeTuneFiles(before, file(tuned("b.onnx", "b"))).models).toHaveLength(1);
  });

  it("replaces a file that can't be used", async () => {
    const dir = await createTempDir();
    await writeFile(join(dir, "bento.tune.json"), "{");
    await writeTuneFile(dir, file(tuned("a.onnx", "a")));
    expect(await readTuneFile(dir)).toEqual(file(tuned("a.onnx", "a")));
  });

  it("leaves nothing behind where it can't write", async () => {
    const dir = await createTempDir();
    await mkdir(join(dir, "bento.tune.json"));
    await expect(writeTuneFile(dir, file())).rejects.toThrow("EISDIR");
    expect(await readdir(dir)).toEqual(["bento.tune.json"]);
  });
});
