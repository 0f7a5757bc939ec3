import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeService } from "./describe-service.ts";

const models = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
const runtime = pathToFileURL(fileURLToPath(new URL("../index.ts", import.meta.url))).href;

function project(body: string): string {
  const dir = mkdtempSync(join(tmpdir(), "bento-describe-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  copyFileSync(join(models, "add-one.onnx"), join(dir, "add-one.onnx"));
  copyFileSync(join(models, "external.onnx"), join(dir, "external.onnx"));
  copyFileSync(join(models, "external.onnx.data"), join(dir, "external.onnx.data"));
  writeFileSync(
    join(dir, "service.mjs"),
    `import { defineApi, onnx, serviceClass, text } from ${JSON.stringify(runtime)};\n${body}`,
  );
  return dir;
}

const sha256 = (content: Uint8Array | string): string => createHash("sha256").update(content).digest("hex");

describe("describeService", () => {
  it("names the models of module and object with their files and digests, each once, and runs no hook", async () => {
    const dir = project(`
      const shared = onnx("add-one.onnx");
      export const Service = serviceClass({ name: "described" }, class {
        again = onnx("add-one.onnx");
        big = onnx("external.onnx");
        mounted = onnx("/mnt/models/later.onnx");
        echo = defineApi({ input: text(), output: text() }, async (value) => value);
        onInit() { throw new Error("a hook ran"); }
      });`);
    const { definition, models: found } = await describeService(join(dir, "service.mjs"), {
      baseDir: dir,
      storeDir: join(dir, "store"),
    });
    expect(definition).toMatchObject({ name: "described", apis: [{ name: "echo" }] });
    const one = sha256(readFileSync(join(models, "add-one.onnx")));
    const [main, weights] = ["external.onnx", "external.onnx.data"].map((name) =>
      sha256(readFileSync(join(models, name))),
    );
    expect(found).toEqual([
      {
        source: "add-one.onnx",
        engine: "onnx",
        found: { files: { root: dir, main: "add-one.onnx", paths: ["add-one.onnx"] }, digest: `sha256:${one}` },
      },
      {
        source: "external.onnx",
        engine: "onnx",
        found: {
          files: { root: dir, main: "external.onnx", paths: ["external.onnx", "external.onnx.data"] },
          digest: `sha256:${sha256(`${main}  external.onnx\n${weights}  external.onnx.data\n`)}`,
        },
      },
      { source: "/mnt/models/later.onnx", engine: "onnx", found: null },
    ]);
  });

  it("names a model that is missing", async () => {
    const dir = project(`
      export const Service = serviceClass({ name: "described" }, class {
        forest = onnx("models/forest.onnx");
        echo = defineApi({ input: text(), output: text() }, async (value) => value);
      });`);
    await expect(
      describeService(join(dir, "service.mjs"), { baseDir: dir, storeDir: join(dir, "store") }),
    ).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(`model "models/forest.onnx" (looked for ${join(dir, "models/forest.onnx")})`),
    });
  });
});
