import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileChanges, watchFiles } from "./watch-files.ts";

let dir: string;
let changes: FileChanges | undefined;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "watch-files-")));
});
afterEach(() => {
  changes?.close();
  rmSync(dir, { recursive: true });
});
const at = (name: string): string => join(dir, name);

async function watching(places: Parameters<typeof watchFiles>[0]): Promise<() => Promise<readonly string[]>> {
  changes = watchFiles(places);
  await changes.ready;
  const iterator = changes[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await iterator.next();
    return done === true ? ["the end"] : [...value].sort();
  };
}

describe("watchFiles", () => {
  it("tells of files at any depth, the steps of one writing at once", async () => {
    mkdirSync(at("src/deep"), { recursive: true });
    const next = await watching({ folders: [dir], files: [] });
    writeFileSync(at("src/deep/a.ts"), "1");
    writeFileSync(at("src/deep/a.ts"), "2");
    writeFileSync(at("bento.yaml"), "x");
    expect(await next()).toEqual([at("bento.yaml"), at("src/deep/a.ts")]);
  });

  it("sees a file that an editor replaces by renaming", async () => {
    writeFileSync(at("service.ts"), "1");
    const next = await watching({ folders: [dir], files: [] });
    writeFileSync(at(".service.ts.tmp"), "2");
    renameSync(at(".service.ts.tmp"), at("service.ts"));
    expect(await next()).toEqual([at("service.ts")]);
  });

  it("sees what is written into a folder that is new", async () => {
    const next = await watching({ folders: [dir], files: [] });
    mkdirSync(at("lib"));
    expect(await next()).toEqual([at("lib")]);
    writeFileSync(at("lib/a.ts"), "1");
    expect(await next()).toContain(at("lib/a.ts"));
  });

  it("leaves out packages, builds, hidden files, logs and editors' copies", async () => {
    for (const folder of ["node_modules/x", "dist", ".git"]) mkdirSync(at(folder), { recursive: true });
    const next = await watching({ folders: [dir], files: [] });
    for (const name of [
      "node_modules/x/a.ts",
      "dist/a.js",
      ".git/index",
      ".env",
      "audit.jsonl",
      "server.log",
      "a.ts~",
    ]) {
      writeFileSync(at(name), "1");
    }
    writeFileSync(at("last.ts"), "1");
    expect(await next()).toEqual([at("last.ts")]);
  });

  it("watches a single file without its neighbours", async () => {
    const next = await watching({ folders: [], files: [at("model.onnx")] });
    writeFileSync(at("other.onnx"), "1");
    writeFileSync(at("model.onnx"), "1");
    expect(await next()).toEqual([at("model.onnx")]);
  });

  it("is heard by one who asks only later, and tells each change once", async () => {
    const next = await watching({ folders: [dir], files: [] });
    writeFileSync(at("a.ts"), "1");
    expect(await next()).toEqual([at("a.ts")]);
    const second = next();
    writeFileSync(at("b.ts"), "1");
    expect(await second).toEqual([at("b.ts")]);
  });

  it("tells of writing that never pauses", async () => {
    const next = await watching({ folders: [dir], files: [] });
    const timer = setInterval(() => writeFileSync(at("a.ts"), "1"), 20);
    expect(await next()).toEqual([at("a.ts")]);
    clearInterval(timer);
  });

  it("ends when it is closed", async () => {
    const next = await watching({ folders: [dir], files: [] });
    const last = next();
    changes?.close();
    expect(await last).toEqual(["the end"]);
  });
});
