import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "compile-cache-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The folder that a process keeps compiled code in after `keepCompiledCode`; "" for none. */
function folderWith(env: Readonly<Record<string, string>>): string {
  const module = JSON.stringify(fileURLToPath(new URL("./compile-cache.ts", import.meta.url)));
  const program = `
    const { keepCompiledCode } = await import(${module});
    keepCompiledCode();
    process.stdout.write(process.getBuiltinModule("node:module").getCompileCacheDir() ?? "");`;
  const { NODE_COMPILE_CACHE: _unset, NODE_DISABLE_COMPILE_CACHE: _neither, ...base } = process.env;
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...base, ...env },
  });
}

describe("keepCompiledCode", () => {
  it("keeps it beside the stores, in a folder that nobody else can write to", () => {
    const home = join(dir, "home");
    expect(folderWith({ BENTO_HOME: home }).startsWith(join(home, "compiled"))).toBe(true);
    expect(statSync(join(home, "compiled")).mode & 0o777).toBe(0o700);
    expect(folderWith({ BENTO_HOME: "", HOME: dir }).startsWith(join(dir, ".bento-ts", "compiled"))).toBe(true);
  });

  it("keeps nothing where the folder can't be made", () => {
    writeFileSync(join(dir, "file"), "");
    for (const home of [join(dir, "file"), join(dir, "missing", "deep"), "/proc/none"]) {
      expect([home, folderWith({ BENTO_HOME: home })]).toEqual([home, ""]);
    }
    expect(existsSync(join(dir, "missing"))).toBe(false);
  });

  it("keeps nothing in a folder that others can write to", () => {
    mkdirSync(join(dir, "compiled"));
    chmodSync(join(dir, "compiled"), 0o777);
    expect(folderWith({ BENTO_HOME: dir })).toBe("");
    chmodSync(join(dir, "compiled"), 0o755);
    expect(folderWith({ BENTO_HOME: dir })).not.toBe("");
  });

  it("leaves the choice of who made one through Node's own variables", () => {
    const other = join(dir, "other");
    expect(folderWith({ BENTO_HOME: join(dir, "home"), NODE_COMPILE_CACHE: other }).startsWith(other)).toBe(true);
    expect(folderWith({ BENTO_HOME: join(dir, "home"), NODE_DISABLE_COMPILE_CACHE: "1" })).toBe("");
  });
});
