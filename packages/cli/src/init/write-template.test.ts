import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { templateNames, writeTemplate } from "./write-template.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "write-template-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const root = new URL("../../../../", import.meta.url).pathname;
const readJson = (path: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(path, "utf8")) as Record<string, Record<string, string>>;

describe("writeTemplate", () => {
  it.each(templateNames())("names the project of %s after its folder, everywhere", async (template) => {
    const project = join(dir, "My Model");
    const { name, files } = await writeTemplate(template, project);
    expect(name).toBe("my-model");
    expect(readJson(join(project, "package.json"))["name"]).toBe("my-model");
    expect(readFileSync(join(project, "service.ts"), "utf8")).toContain('@service({ name: "my-model"');
    for (const file of files) expect(readFileSync(join(project, file), "latin1")).not.toMatch(/\{\{\w+\}\}/);
  });

  it("gives the files that npm keeps out of packages their dots back, and copies the model as it is", async () => {
    const { files } = await writeTemplate("tabular", dir);
    expect(files).toEqual(
      expect.arrayContaining([".gitignore", ".npmrc", "models/iris.onnx", "examples/flowers.json"]),
    );
    const template = `${root}packages/cli/templates/tabular/models/iris.onnx`;
    expect(readFileSync(join(dir, "models/iris.onnx")).equals(readFileSync(template))).toBe(true);
  });

  it("takes a folder that holds a Git repository and nothing else", async () => {
    mkdirSync(join(dir, ".git"));
    await expect(writeTemplate("tabular", dir)).resolves.toMatchObject({ dir });
  });

  it("refuses a folder that holds anything, and leaves it alone", async () => {
    writeFileSync(join(dir, "notes.txt"), "mine");
    await expect(writeTemplate("tabular", dir)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("is not empty (it holds notes.txt)") as string,
    });
  });

  it("lists the templates that exist when it is asked for another", async () => {
    expect(templateNames()).toEqual(["tabular", "tensorflow"]);
    await expect(writeTemplate("../tabular", dir)).rejects.toMatchObject({
      exitCode: 2,
      message: 'there is no template "../tabular": choose from tabular, tensorflow',
    });
  });

  it.each(templateNames())("asks in %s for the versions that the workspace itself is tested with", async (template) => {
    await writeTemplate(template, dir);
    const { dependencies, devDependencies } = readJson(join(dir, "package.json"));
    const { devDependencies: own } = readJson(`${root}package.json`);
    const version = readJson(`${root}packages/runtime/package.json`)["version"];
    expect(dependencies).toEqual({ "@bento-ts/runtime": version });
    expect(devDependencies).toEqual({
      "@types/node": own?.["@types/node"],
      "bento-ts": version,
      typescript: own?.["typescript"],
      vitest: own?.["vitest"],
    });
  });
});
