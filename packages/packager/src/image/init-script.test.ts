import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { describeWith } from "../../../../test/support/needs.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { INIT_SCRIPT } from "./init-script.ts";

/** A server that leaves a process without a parent, which ends; it says which signals come, and ends with 3 on SIGTERM. */
const SERVER = `
const { spawn } = require("node:child_process");
process.on("SIGHUP", () => console.log("SIGHUP")).on("SIGINT", () => console.log("SIGINT")).on("SIGTERM", () => process.exit(3));
spawn("/bin/sh", ["-c", "sleep 0 & echo $!"]).stdout.on("data", (pid) => process.stdout.write("orphan " + pid));
setInterval(() => {}, 1000);
`;

/** Starts the script as process 1 of a process table of its own. */
function start(shell: readonly string[], command: readonly string[]): ChildProcess {
  const dir = tempTree({ "init.sh": INIT_SCRIPT, "server.cjs": SERVER });
  const args = ["--pid", "--fork", "--kill-child", ...shell, join(dir, "init.sh"), ...command];
  const child = spawn("unshare", args, { cwd: dir, stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

/** The first child of a process, which must have one: a number that is none would signal a whole group. */
function childOf(pid: number | undefined): number {
  const [first] = childrenOf(pid);
  assert.ok(first !== undefined && first > 1);
  return first;
}

const ended = async (child: ChildProcess): Promise<unknown> => (await once(child, "exit"))[0];

async function* linesOf(child: ChildProcess): AsyncGenerator<string, undefined> {
  if (child.stdout !== null) yield* createInterface(child.stdout);
  return undefined;
}

const SHELLS = { dash: ["dash"], bash: ["bash"], busybox: ["busybox", "sh"] } as const;

for (const [name, shell] of Object.entries(SHELLS)) {
  describeWith(name === "busybox" ? ["unshare", "busybox"] : "unshare", `the init script in ${name}`, () => {
    const run = (...command: readonly string[]): ChildProcess => start(shell, command);

    it("passes signals on, takes the exit of a process that lost its parent, and ends as the server does", async () => {
      const child = run(process.execPath, "server.cjs");
      const lines = linesOf(child);
      const told = (await lines.next()).value;
      expect(told).toMatch(/^orphan \d+$/);
      const init = childOf(child.pid);
      process.kill(init, "SIGINT");
      expect((await lines.next()).value).toBe("SIGINT");
      process.kill(init, "SIGHUP");
      expect((await lines.next()).value).toBe("SIGHUP");
      // The server alone: a zombie would be listed beside it for ever.
      await expect.poll(() => childrenOf(init)).toHaveLength(1);
      process.kill(init, "SIGTERM");
      expect(await ended(child)).toBe(3);
    });

    it("ends with 137 when the server is killed", async () => {
      const child = run(process.execPath, "server.cjs");
      await linesOf(child).next();
      process.kill(childOf(childOf(child.pid)), "SIGKILL");
      expect(await ended(child)).toBe(137);
    });

    it("hands over every argument as it is", async () => {
      const child = run("/bin/sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "", "$HOME");
      const [line] = await Promise.all([linesOf(child).next(), ended(child)]);
      expect(line.value).toBe("a b||$HOME|");
      expect(child.exitCode).toBe(7);
    });
  });
}
