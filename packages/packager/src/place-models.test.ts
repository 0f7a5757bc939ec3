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
      { to, signal },
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
});
