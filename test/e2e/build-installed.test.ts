import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../support/needs.ts";
import { packPackages } from "../support/pack-packages.ts";
import { type CommandResult, run } from "../support/run-command.ts";
import { eventually } from "../support/server-process.ts";

/** An npm that came before the list of allowed scripts, and npm's own words for "no questions". */
const NPM_10 = ["--yes", "npm@10.9.4"];
const QUIET = ["--prefer-offline", "--no-audit", "--no-fund"];
const TAG = "bento-installed-test:1";

describeWith("docker with a base image", "the packages, packed and installed by npm 10 in an empty folder", () => {
  let dir: string;
  let project: string;
  let tarballs: readonly string[];
  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-ts-installed-")));
    project = join(dir, "irises");
    mkdirSync(join(dir, "packed"));
    tarballs = Object.values(await packPackages(join(dir, "packed")));
  }, 120_000);
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    await run("docker", ["rmi", "--force", TAG]);
  });

  const inside = (cwd: string, file: string, ...args: readonly string[]): Promise<CommandResult> =>
    run(file, args, { cwd, env: { NODE_ENV: "development", BENTO_HOME: join(dir, "home") } });
  async function done(promise: Promise<CommandResult>): Promise<string> {
    const { code, stdout, stderr } = await promise;
    expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
    return stdout;
  }

  it("make a project, its image and a container that answers", async () => {
    expect(await done(inside(dir, "npx", ...NPM_10, "--version"))).toMatch(/^10\./);
    await done(inside(dir, "npx", ...NPM_10, "install", "--ignore-scripts", ...QUIET, ...tarballs));
    await done(inside(dir, "npx", "bento-ts", "init", "irises"));
    await done(inside(project, "npx", ...NPM_10, "install", ...QUIET, ...tarballs));
    await done(inside(project, "npx", "bento-ts", "build", "--base-image", "bento-base:bookworm", "-t", TAG));

    const consents = ["ALLOW_ANONYMOUS", "ALLOW_INSECURE_CONNECTIONS"].flatMap((key) => [
      "-e",
      `BENTO_SECURITY_${key}=true`,
    ]);
    const flags = ["--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "-p", "127.0.0.1::3000"];
    const id = (await done(inside(dir, "docker", "run", "--detach", ...flags, ...consents, TAG))).trim();
    try {
      const [place = ""] = (await done(inside(dir, "docker", "port", id, "3000/tcp"))).split("\n");
      const isReady = async (): Promise<true | undefined> =>
        (await fetch(`http://${place}/readyz`)).status === 200 ? true : undefined;
      await eventually(isReady, 60_000);
      const answer = await fetch(`http://${place}/classify`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: readFileSync(join(project, "examples/flowers.json")),
      });
      const golden = JSON.parse(readFileSync(join(project, "examples/flowers.out.json"), "utf8")) as readonly {
        readonly species: string;
        readonly probability: number;
      }[];
      expect(golden).toHaveLength(6);
      // 1e-5: the tolerance that the template's example states.
      expect(await answer.json()).toEqual(
        golden.map(({ species, probability }) => ({ species, probability: expect.closeTo(probability, 5) as number })),
      );
    } finally {
      await run("docker", ["rm", "--force", id]);
    }
  }, 600_000);
});
