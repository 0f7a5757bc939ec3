import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ImageFacts } from "../../packages/packager/src/image/image-plan.ts";
import { run } from "../support/cli.ts";
import { openHeldLine } from "../support/held-line.ts";
import { describeWith } from "../support/needs.ts";
import { writePlainBase } from "../support/plain-base.ts";
import { startRegistry } from "../support/registry.ts";
import { bin, makeProject } from "../support/run-command.ts";
import { eventually } from "../support/server-process.ts";
import { writeSmallBento } from "../support/small-bento.ts";

const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";

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
    expect([end, stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      "error: interrupted: nothing half-written was left behind",
    ]);
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

/** What a test of an image in the making works with. */
interface Work {
  readonly bento: string;
  /** A folder for the output; its own, as are those of temporary files and of what is kept. */
  readonly out: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files in any of them that only a build in the making has. */
  left(): readonly string[];
}

describe.skipIf(process.platform !== "linux")("an image in the making, interrupted by Ctrl-C", () => {
  const INTERRUPTED = "error: interrupted: nothing half-written was left behind";

  function work(script: string, change: Partial<ImageFacts> = {}): Work {
    const dir = mkdtempSync(join(tmpdir(), "bento-interrupted-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const [tmp, out, home] = [join(dir, "tmp"), join(dir, "out"), join(dir, "home")];
    for (const folder of [tmp, out, home]) mkdirSync(folder);
    const bento = writeSmallBento(join(dir, "bento"), { base: writePlainBase(dir, ARCHITECTURE), script, ...change });
    // More than a registry is sent in one piece.
    writeFileSync(join(bento, "node/bin/node"), randomBytes(2 * 1024 * 1024));
    const left = (): readonly string[] =>
      [tmp, out, join(home, "cache/tmp"), join(home, "cache/users")].flatMap((folder) =>
        existsSync(folder) ? readdirSync(folder) : [],
      );
    return { bento, out, env: { ...process.env, TMPDIR: tmp, BENTO_HOME: home }, left };
  }

  /** Begins the image of the bento, presses Ctrl-C, which goes to clients of engines as well, once `reached` says so; gives how it ended. */
  async function interrupt(
    { bento, env }: Work,
    flags: readonly string[],
    reached: (stderr: string) => boolean | Promise<void>,
  ): Promise<readonly unknown[]> {
    const child = spawn(process.execPath, [bin, "build", bento, ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
      detached: true,
    });
    const press = (): void => void process.kill(-(child.pid ?? 0), "SIGINT");
    let [stderr, isPressed] = ["", false];
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (isPressed || reached(stderr) !== true) return;
      isPressed = true;
      press();
    });
    const awaited = reached("");
    if (typeof awaited !== "boolean") void awaited.then(press);
    const [code, signal] = await once(child, "close");
    return [code ?? signal, stderr.split("\n").filter((line) => line.startsWith("error"))];
  }

  it.each(["image.tar", "layout"])("writes no half of %s", async (name) => {
    const one = work("", { scripts: [] });
    // A layer that takes its time.
    writeFileSync(join(one.bento, "node/bin/node"), randomBytes(48 * 1024 * 1024));
    const end = await interrupt(one, ["--builder", "oci", "-o", join(one.out, name)], (text) =>
      text.includes("compressing node"),
    );
    expect([end, one.left()]).toEqual([[1, [INTERRUPTED]], []]);
  });

  describeWith("docker-registry", "in a push", () => {
    it("ends while a blob is sent, and gives the registry no image", async () => {
      const registry = await startRegistry();
      const line = await openHeldLine({ target: registry.host, request: /^PATCH \/v2\// });
      onTestFinished(async () => {
        await line.close();
        await registry.stop();
      });
      const one = work("", { scripts: [] });
      const tag = `${line.at}/team/small:1`;
      const end = await interrupt(one, ["--builder", "oci", "--push", "-t", tag], () => line.held);
      expect([end, one.left()]).toEqual([[1, [INTERRUPTED]], []]);
      expect((await fetch(`${registry.url}/v2/team/small/manifests/1`)).status).toBe(404);
    });
  });

  describeWith("docker with a base image", "with an engine", () => {
    const label = `bento-test=${randomUUID()}`;
    const base = `bento-interrupted-base:${randomUUID().slice(0, 8)}`;
    const docker = async (...args: readonly string[]): Promise<string> => (await run("docker", args)).stdout.trim();
    beforeAll(async () => {
      const dir = mkdtempSync(join(tmpdir(), "bento-interrupted-"));
      writeFileSync(join(dir, "Dockerfile"), `FROM bento-base:bookworm\nLABEL ${label}\n`);
      await docker("build", "-q", "-t", base, dir);
      rmSync(dir, { recursive: true, force: true });
    });
    afterAll(async () => void (await docker("rmi", "--force", base)));
    const leftovers = async (): Promise<string> =>
      (await docker("ps", "--all", "--quiet", "--filter", `label=${label}`)) +
      (await docker("images", "--quiet", "--filter", "dangling=true", "--filter", `label=${label}`));
    /** Debian's client brings BuildKit along; others need a plug-in. */
    const PATH = `/usr/bin:${process.env["PATH"] ?? ""}`;

    it.each(["0", "1"])("leaves no container and no image of a step, DOCKER_BUILDKIT=%s", async (DOCKER_BUILDKIT) => {
      const before = await leftovers();
      const one = work("echo it runs\nexec sleep 600\n");
      const env = { ...one.env, PATH, DOCKER_BUILDKIT };
      const flags = ["--builder", "docker", "--base-image", base, "-t", "bento-interrupted:never"];
      const end = await interrupt({ ...one, env }, flags, (text) => /^\s+(?:#\d+ [\d.]+ )?it runs$/m.test(text));
      expect([end, one.left()]).toEqual([[1, [INTERRUPTED]], []]);
      await expect.poll(leftovers, { timeout: 30_000 }).toBe(before);
      expect(await docker("images", "--quiet", "bento-interrupted:never")).toBe("");
    });

    describeWith("docker-registry", "that pushes", () => {
      it("ends the push, and gives the registry no image", async () => {
        const registry = await startRegistry();
        const line = await openHeldLine({ target: registry.host, request: /^(?:PATCH|POST) \/v2\// });
        const tag = `${line.at}/team/small:1`;
        onTestFinished(async () => {
          await line.close();
          await registry.stop();
          await docker("rmi", "--force", tag);
        });
        const one = work("true\n", { scripts: [] });
        const env = { ...one.env, PATH, DOCKER_BUILDKIT: "0" };
        const flags = ["--builder", "docker", "--base-image", base, "-t", tag, "--push"];
        const end = await interrupt({ ...one, env }, flags, () => line.held);
        expect([end, one.left()]).toEqual([[1, [INTERRUPTED]], []]);
        expect((await fetch(`${registry.url}/v2/team/small/manifests/1`)).status).toBe(404);
      });
    });

    it.each([
      ["saves the image", "docker", /^GET \S+\/images\/get\?/, "image.tar"],
      ["takes the image that was made without it", "oci", /^POST \S+\/images\/load\?/, undefined],
    ] as const)("leaves nothing half-written while the engine %s", async (_, builder, request, name) => {
      const one = work("true\n", { scripts: [] });
      const target = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "");
      const line = await openHeldLine({ path: join(one.out, "../held.sock"), target, request });
      const tag = `bento-interrupted:${builder}`;
      onTestFinished(async () => {
        await line.close();
        await docker("rmi", "--force", tag);
      });
      const env = { ...one.env, PATH, DOCKER_HOST: `unix://${line.at}`, DOCKER_BUILDKIT: "0" };
      const output = name === undefined ? [] : ["-o", join(one.out, name)];
      const flags = ["--builder", builder, "--base-image", base, "-t", tag, ...output];
      const end = await interrupt({ ...one, env }, flags, () => line.held);
      expect([end, one.left()]).toEqual([[1, [INTERRUPTED]], []]);
    });
  });
});
