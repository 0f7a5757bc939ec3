import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { bin, run } from "../support/run-command.ts";

interface OldNode {
  readonly file: string;
  readonly version: string;
}

/** The system's Node where it is older than 22.12; the workspace brings its own for everything else. */
function findOldNode(): OldNode | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  for (const folder of [...folders, "/usr/bin", "/usr/local/bin"]) {
    const file = join(folder, "node");
    if (!existsSync(file)) continue;
    const version = execFileSync(file, ["--version"], { encoding: "utf8" }).trim().slice(1);
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < 22 || (major === 22 && minor < 12)) return { file, version };
  }
  return undefined;
}

const old = findOldNode();
const reason = old === undefined ? " [skipped: no Node older than 22.12 on PATH]" : "";

describe.skipIf(old === undefined)(`a Node that is too old${reason}`, () => {
  const { file, version } = old ?? { file: "", version: "" };

  it("is told in one sentence, whatever was asked for", async () => {
    for (const args of [[], ["--help"], ["serve", "model.onnx"]]) {
      expect(await run(file, [bin, ...args])).toEqual({
        code: 1,
        stdout: "",
        stderr: `bento-ts needs Node 22.12 or newer, this is ${version}: install a newer one from https://nodejs.org\n`,
      });
    }
  });
});
