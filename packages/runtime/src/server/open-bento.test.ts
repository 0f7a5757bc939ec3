import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BentoFile } from "../definition/bento-file.ts";
import { defineService } from "../definition/define-service.ts";
import { digestOf } from "../definition/digest.ts";
import { isBento, openBento } from "./open-bento.ts";

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({
  name: "boston",
  version: "1.4.0",
  config: { server: { workers: 2 } },
  apis: [{ name: "score", input: text, output: text }],
});
const sha256 = "ab".repeat(32);

function tempFolder(file?: Partial<BentoFile>): string {
  const dir = mkdtempSync(join(tmpdir(), "bento-open-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const bento: BentoFile = {
    formatVersion: 1,
    definition,
    definitionDigest: digestOf(definition),
    entry: "service/src/service.mjs",
    models: [
      { source: "m.onnx", engine: "onnx", path: "models/ab/m.onnx", digest: `sha256:${sha256}`, files: [] },
      {
        source: "node_modules/d/m",
        engine: "onnx",
        path: "node_modules/d/m/a.onnx",
        digest: `sha256:${sha256}`,
        files: [],
      },
      { source: "/mnt/other.onnx", engine: "onnx", path: null, digest: null, files: [] },
    ],
    runtimeVersion: "0.1.0",
    nodeVersion: "24.21.0",
    platform: "linux/amd64",
  };
  if (file !== undefined) writeFileSync(join(dir, "bento.json"), JSON.stringify({ ...bento, ...file }));
  return dir;
}

describe("openBento", () => {
  it("gives what the server and the configuration need, with absolute paths", async () => {
    const dir = tempFolder({});
    const { projectDir, serviceConfig, start } = await openBento(dir);
    expect(projectDir).toBe(dir);
    expect(serviceConfig).toEqual({ server: { workers: 2 } });
    expect(start).toEqual({
      entry: { kind: "module", file: join(dir, "service/src/service.mjs") },
      baseDir: join(dir, "service/src"),
      projectDir: dir,
      digests: { "m.onnx": `sha256:${sha256}`, [join(dir, "node_modules/d/m")]: `sha256:${sha256}` },
      modelPaths: { "m.onnx": join(dir, "models/ab/m.onnx") },
      sourceMaps: true,
    });
  });

  it("says what to do where there is no bento", async () => {
    const dir = tempFolder();
    await expect(openBento(dir)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${dir} is no bento: it has no readable bento.json; make one with "bento-ts build"`,
    });
  });

  it("refuses a format that it does not know", async () => {
    const dir = tempFolder({ formatVersion: 2 as never });
    await expect(openBento(dir)).rejects.toThrow("it has format 2, this version reads 1");
  });
});

describe("isBento", () => {
  it("tells a folder with a bento.json from any other path", async () => {
    expect(await isBento(tempFolder({}))).toBe(true);
    const dir = tempFolder();
    expect(await isBento(dir)).toBe(false);
    mkdirSync(join(dir, "bento.json"));
    expect(await isBento(dir)).toBe(false);
    expect(await isBento(join(dir, "absent"))).toBe(false);
  });
});
