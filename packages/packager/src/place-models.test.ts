import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placeModels } from "./place-models.ts";
import { tempTree } from "./temp-tree.fixture.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const { signal } = new AbortController();

describe("placeModels", () => {
  it("puts each content once under its digest, and leaves mounted models out", async () => {
    const dir = tempTree({ "m/a.onnx": "graph", "m/a.data": "weights" });
    const digest = `sha256:${"ab12".repeat(16)}`;
    const found = { files: { root: join(dir, "m"), main: "a.onnx", paths: ["a.onnx", "a.data"] }, digest };
    const to = join(dir, "out");
    const rows = await placeModels(
      [
        { source: "m/a.onnx", engine: "onnx", found },
        { source: "boston:2", engine: "onnx", found },
        { source: "/mnt/b.onnx", engine: "onnx", found: null },
      ],
      { stage: to, signal },
    );
    const folder = "models/ab12ab12ab12ab12";
    const files = [
      { path: `${folder}/a.onnx`, size: 5, sha256: sha256("graph") },
      { path: `${folder}/a.data`, size: 7, sha256: sha256("weights") },
    ];
    expect(rows).toEqual([
      { source: "m/a.onnx", engine: "onnx", path: `${folder}/a.onnx`, digest, files },
      { source: "boston:2", engine: "onnx", path: `${folder}/a.onnx`, digest, files },
      { source: "/mnt/b.onnx", engine: "onnx", path: null, digest: null, files: [] },
    ]);
    expect(readdirSync(join(to, "models"))).toEqual(["ab12ab12ab12ab12"]);
    expect(readFileSync(join(to, folder, "a.data"), "utf8")).toBe("weights");
  });

  it("leaves a model where the code finds it by its own place, and names it by that", async () => {
    const stage = tempTree({ "node_modules/data/m/a.onnx": "graph", "service/b.onnx": "other" });
    const digest = `sha256:${"0".repeat(64)}`;
    const rows = await placeModels(
      [
        {
          source: join(stage, "node_modules/data/m"),
          engine: "onnx",
          found: { files: { root: join(stage, "node_modules/data/m"), main: "a.onnx", paths: ["a.onnx"] }, digest },
        },
        {
          source: join(stage, "service/b.onnx"),
          engine: "onnx",
          found: { files: { root: join(stage, "service"), main: "b.onnx", paths: ["b.onnx"] }, digest },
        },
      ],
      { stage, signal },
    );
    const file = (path: string, text: string): object => ({ path, size: 5, sha256: sha256(text) });
    const [first, second] = ["node_modules/data/m/a.onnx", "service/b.onnx"] as const;
    expect(rows).toEqual([
      { source: "node_modules/data/m", engine: "onnx", path: first, digest, files: [file(first, "graph")] },
      { source: second, engine: "onnx", path: second, digest, files: [file(second, "other")] },
    ]);
    expect(readdirSync(stage).sort()).toEqual(["node_modules", "service"]);
  });

  it("says how to name a model that the code looks for beside its own file and that is not there", async () => {
    const stage = tempTree({ "service/service.mjs": "" });
    const model = { source: join(stage, "service/models/a.onnx"), engine: "onnx", found: null };
    await expect(placeModels([model], { stage, signal })).rejects.toThrow(
      'model "models/a.onnx" is named by an absolute path and not in the bento: name it relative to the service\'s file, as in onnx("models/forest.onnx"), or list it under image.files',
    );
  });
});
