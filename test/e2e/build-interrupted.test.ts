import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bin, makeProject } from "../support/run-command.ts";
import { eventually } from "../support/server-process.ts";

// Each test begins a build.
vi.setConfig({ testTimeout: 120_000 });

/** An example that never ends, and a constructor that takes its time: phases that can't be missed. */
const SERVICE = `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "slow", version: "1.0.0" })
export class Slow {
  constructor() {
    for (const end = Date.now() + 300; Date.now() < end; );
  }
  @api({ input: t.Number(), output: t.Number(), examples: [{ name: "endless", input: 1, output: 1 }] })
  async wait(n: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 600_000));
    return n;
  }
}`;
const PHASES = ["bundling the service", "copying dependencies", "describing the service", "running golden examples"];

describe.skipIf(process.platform !== "linux")("bento-ts build, interrupted", () => {
  let project: string;
  const home = mkdtempSync(join(tmpdir(), "bento-interrupted-"));
  beforeAll(() => {
    const manifest = { name: "slow", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } };
    project = makeProject({ "package.json": JSON.stringify(manifest), "service.ts": SERVICE });
  });
  afterAll(() => [project, home].forEach((dir) => rmSync(dir, { recursive: true, force: true })));

  /** Begins a build, which is sent a signal when it says that it begins a phase. */
  async function interrupt(
    phase: string,
    signal: NodeJS.Signals,
  ): Promise<{ readonly end: unknown; readonly stderr: string }> {
    const child = spawn(process.execPath, [bin, "build", project, "--no-image"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, BENTO_HOME: home },
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      const before = stderr;
      stderr += text;
      if (stderr.includes(`${phase} …`) && !before.includes(`${phase} …`)) child.kill(signal);
    });
    const [code, killedBy] = await once(child, "close");
    return { end: code ?? killedBy, stderr };
  }
  /** Processes that were started with a path below the project's. */
  function processes(): readonly string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8");
        } catch {
          // It has ended meanwhile.
          return "";
        }
      })
      .filter((line) => line.includes(project));
  }

  it.each(PHASES)("leaves nothing behind: %s", async (phase) => {
    const { end, stderr } = await interrupt(phase, "SIGINT");
    expect([end, stderr.trim().split("\n").at(-1)]).toEqual([1, "error: interrupted: nothing was left behind"]);
    expect(readdirSync(project).sort()).toEqual(["node_modules", "package.json", "service.ts"]);
    await eventually(async () => (processes().length === 0 ? true : undefined), 20_000);
  });

  it("is swept by the next build after it was killed", async () => {
    const killed = await interrupt("describing the service", "SIGKILL");
    expect(killed.end).toBe("SIGKILL");
    expect(readdirSync(join(project, ".bento-ts"))).toEqual([expect.stringMatching(/^\.building-/)]);
    const { end } = await interrupt("copying dependencies", "SIGINT");
    expect(end).toBe(1);
    expect(readdirSync(join(project, ".bento-ts"))).toEqual([]);
    await eventually(async () => (processes().length === 0 ? true : undefined), 20_000);
  });
});
