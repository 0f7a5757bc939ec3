import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bentoTs, bin, type CommandResult, gather, put, until } from "../support/run-command.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

let cwd = "";
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "bento-ts-credentials-"))));
afterEach(() => rmSync(cwd, { recursive: true }));

describe("bento-ts keys", () => {
  it("prints a new key alone, keeps its digest, lists it without, and revokes it", async () => {
    put(cwd, { "bento.yaml": "security: { apiKeys: { file: keys.jsonl } }\n" });
    const made = await bentoTs(["keys", "new", "--owner", "r-team", "--group", "ml", "r", "--expires", "2099-01-31"], {
      cwd,
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const [, id = ""] = /^bento_([0-9a-f]{12})_[0-9A-Za-z]{43}\n$/.exec(made.stdout) ?? [];
    const kept = readFileSync(join(cwd, "keys.jsonl"), "utf8");
    expect(kept).toMatch(new RegExp(`^{"id":"${id}","sha256":"[0-9a-f]{64}","owner":"r-team",.*}\n$`));
    expect(statSync(join(cwd, "keys.jsonl")).mode & 0o777).toBe(0o600);

    const listed = await bentoTs(["keys", "list", "--json"], { cwd });
    expect(JSON.parse(listed.stdout)).toEqual([
      { id, owner: "r-team", groups: ["ml", "r"], scopes: [], expires: "2099-01-31T00:00:00.000Z", state: "live" },
    ]);
    const table = await bentoTs(["keys", "list"], { cwd });
    expect(table.stdout.split("\n")[1]).toMatch(
      new RegExp(`^${id}  r-team  ml,r    -       all        2099-01-31T00:00:00.000Z  live$`),
    );

    expect(await bentoTs(["keys", "revoke", id], { cwd })).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(cwd, "keys.jsonl"), "utf8")).toBe("");
    expect(await bentoTs(["keys", "revoke", id], { cwd })).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: keys.jsonl has no key "${id}"\n`,
    });
  });

  it("gives one owner two live keys", async () => {
    const args = ["keys", "new", "--owner", "ci", "--file", "keys", "--json"];
    const ids: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { id, key, file } = JSON.parse((await bentoTs(args, { cwd })).stdout) as Record<string, string>;
      expect([key, file]).toEqual([expect.stringContaining(`bento_${id ?? ""}_`), "keys"]);
      ids.push(id ?? "");
    }
    expect(await bentoTs(args, { cwd })).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: ci has 2 live keys (${ids.join(", ")}): revoke one first, or use --force\n`,
    });
    expect((await bentoTs([...args, "--force"], { cwd })).code).toBe(0);
  });

  it.each([
    [["keys", "new"], 2, "required option '--owner <name>' not specified"],
    [["keys", "list"], 2, "no file of keys: give --file FILE, or set security.apiKeys.file in bento.yaml"],
    [["keys", "new", "--owner", "a", "--file", "k", "--expires", "soon"], 2, "--expires: expected 90d"],
    [["keys", "new", "--owner", "a", "--file", "k", "--expires", "2020-01-01"], 1, "expires: expected a time to come"],
    [["keys", "list", "--file", "absent"], 1, "ENOENT"],
  ])("%j ends with %i and one sentence", async (args, code, message) => {
    const result = await bentoTs(args, { cwd });
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toMatch(/^error: .*\n$/);
    expect(result.stderr).toContain(message);
  });
});

describe("bento-ts htpasswd", () => {
  const htpasswd = async (args: readonly string[], input: string | Uint8Array): Promise<CommandResult> => {
    const child = spawn(process.execPath, [bin, "htpasswd", "users", ...args], { cwd });
    const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout: stdout(), stderr: stderr() };
  };

  it("keeps, verifies and deletes a password that comes by standard input", async () => {
    expect(await htpasswd(["alice", "--cost", "10"], "secret\n")).toEqual({
      code: 0,
      stdout: "added alice\n",
      stderr: "",
    });
    expect(readFileSync(join(cwd, "users"), "utf8")).toMatch(/^alice:\$2y\$10\$[./A-Za-z0-9]{53}\n$/);
    expect(statSync(join(cwd, "users")).mode & 0o777).toBe(0o600);
    expect((await htpasswd(["alice", "--verify"], "secret")).code).toBe(0);
    expect((await htpasswd(["alice", "--verify"], "Secret")).code).toBe(1);
    expect(await htpasswd(["alice", "--cost", "10"], "other")).toMatchObject({ stdout: "changed alice\n" });
    expect((await htpasswd(["alice", "--verify"], "secret")).code).toBe(1);
    expect(await htpasswd(["alice", "--delete"], "")).toMatchObject({ code: 0, stdout: "deleted alice\n" });
    expect(readFileSync(join(cwd, "users"), "utf8")).toBe("");
  });

  it.each([
    [["alice"], "x".repeat(73), 1, "the password has 73 bytes: bcrypt reads at most 72"],
    [["alice"], Uint8Array.of(0xff), 1, "standard input: expected a password in UTF-8"],
    [["alice"], "\n", 1, "the password is empty"],
    [["alice"], "x".repeat(5000), 1, "got more than 4096 bytes"],
    [["a:b"], "secret", 1, 'got "a:b"'],
    [["alice", "--cost", "15"], "secret", 1, "cost: expected 10 to 14, got 15"],
    [["alice", "--verify", "--delete"], "", 2, "either --delete or --verify"],
  ])("%j of %j ends with %i and one sentence", async (args, input, code, message) => {
    const result = await htpasswd(args, input);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(message);
  });

  it("asks twice on a terminal and shows nothing of what is typed", async () => {
    // util-linux's script(1) gives the command a terminal.
    const line = `${process.execPath} ${bin} htpasswd users alice --cost 10`;
    const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env: { ...process.env, NO_COLOR: "1" } });
    const shown = gather(child.stdout);
    await until(child, () => shown().includes("Password: "));
    child.stdin.write("s3cret-typed\r");
    await until(child, () => shown().includes("Again: "));
    child.stdin.write("s3cret-typed\r");
    await once(child, "close");
    expect(shown().replaceAll("\r", "")).toBe("Password: \nAgain: \nadded alice\n");
    expect((await htpasswd(["alice", "--verify"], "s3cret-typed")).code).toBe(0);
  });
});
