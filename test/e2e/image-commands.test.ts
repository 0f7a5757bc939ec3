import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { run } from "../support/cli.ts";
import { describeWith } from "../support/needs.ts";
import { bentoTs, bin, makeProject } from "../support/run-command.ts";
import { eventually } from "../support/server-process.ts";

// An image is built and containers are started.
vi.setConfig({ testTimeout: 120_000 });

const BASE = "bento-base:bookworm";
const IMAGE = "bento-commands-test:1";
const docker = (...args: readonly string[]): ReturnType<typeof run> => run("docker", args);

/** One of its examples fails; only one team may call it. */
const SERVICE = `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "golden", version: "1.0.0" })
export class Golden {
  @api({
    input: t.Number(), output: t.Number(),
    examples: [{ name: "good", input: 3, output: "out.json" }, { name: "bad", input: 5, output: 1 }],
    authorize: { allow: [{ issuer: "https://idp.example.com", groups: ["team"] }] },
  })
  async halve(n: number): Promise<number> { return n / 2; }
}`;

describeWith("docker with a base image", "an image by its name", () => {
  const derived: string[] = [];
  const temp = mkdtempSync(join(tmpdir(), "bento-commands-"));
  let project: string;
  beforeAll(async () => {
    const manifest = { name: "golden", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } };
    project = makeProject({ "package.json": JSON.stringify(manifest), "service.ts": SERVICE, "out.json": "1.5" });
    const flags = ["--no-test", "--builder", "docker", "--base-image", BASE, "-t", IMAGE];
    const built = await bentoTs(["build", project, ...flags], { env: { BENTO_HOME: temp } });
    if (built.code !== 0) throw new Error(built.stderr);
  }, 300_000);
  afterAll(async () => {
    for (const dir of [project, temp]) rmSync(dir, { recursive: true, force: true });
    await docker("rmi", "--force", IMAGE, ...derived);
  });

  /** An image that says something else than the one that was built. */
  async function derive(name: string, line: string): Promise<string> {
    const tag = `bento-commands-${name}:1`;
    writeFileSync(join(temp, "Dockerfile"), `FROM ${IMAGE}\n${line}\n`);
    expect(await docker("build", "-t", tag, temp)).toMatchObject({ exitCode: 0 });
    derived.push(tag);
    return tag;
  }
  /** Those of this image and what is made from it, that serve, or of every kind that the commands make. */
  const containers = async (...kinds: readonly string[]): Promise<string> => {
    const named = (kinds.length === 0 ? ["test", "read"] : kinds).flatMap((kind) => [
      "--filter",
      `name=bento-${kind}-`,
    ]);
    return (await docker("ps", "--all", "--quiet", "--filter", `ancestor=${IMAGE}`, ...named)).stdout;
  };

  it("is tested in a container that shuts it in, whoever may call its functions", async () => {
    const { code, stdout, stderr } = await bentoTs(["test", IMAGE]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n")).toEqual([
      "ok     halve · good  largest difference 0, tolerance 0",
      "failed halve · bad  largest difference 1.5 at the value itself, tolerance 0",
      "       expected 1 ± 0, got 2.5 (off by 1.5)",
      "1 ok, 1 failed",
      "",
    ]);
  });

  it("is inspected without being run: definition, rules, layers, user, platform", async () => {
    const { code, stdout } = await bentoTs(["inspect", IMAGE, "--json"]);
    expect(code).toBe(0);
    const inspected = JSON.parse(stdout) as { readonly layers: readonly { readonly bytes: number }[] };
    expect(inspected).toMatchObject({
      kind: "image",
      user: "65532:0",
      platform: process.arch === "x64" ? "linux/amd64" : "linux/arm64",
      labels: { "org.opencontainers.image.title": "golden" },
      bento: { definition: { name: "golden", apis: [{ name: "halve" }] }, models: [] },
    });
    expect(inspected.layers.length).toBeGreaterThanOrEqual(4);
    const human = await bentoTs(["inspect", IMAGE]);
    expect(human.stdout).toMatch(/user +65532:0\n[^]*POST \/halve[^]*groups +team|POST \/halve[^]*team/);
  });

  it("is made again of the stored bento, by its tag", async () => {
    const tag = "bento-commands-again:1";
    derived.push(tag);
    const flags = ["--builder", "docker", "--base-image", BASE, "-t", tag, "--json"];
    const { code, stdout } = await bentoTs(["build", "golden:1.0.0", ...flags], { env: { BENTO_HOME: temp } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ image: { tags: [tag], builder: "docker" } });
    expect((await bentoTs(["test", tag])).stdout).toContain("1 ok, 1 failed");
    const refused = await bentoTs(["build", "golden:1.0.0", "--no-image"], { env: { BENTO_HOME: temp } });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "error: --no-image and a bento exclude each other: it is there already\n",
    ]);
  });

  it("says how its container ended", async () => {
    const tag = await derive("refused", "ENV BENTO_SERVER_REQUEST_TIMEOUT=soon");
    const { code, stderr } = await bentoTs(["test", tag]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the container of bento-commands-refused:1 exited with code 78: .*BENTO_SERVER_REQUEST_TIMEOUT.*\n$/,
    );
  });

  it("leaves no container behind when Ctrl-C ends the test", async () => {
    const tag = await derive("waiting", 'ENTRYPOINT ["/bin/sleep", "600"]');
    const child = spawn(process.execPath, [bin, "test", tag], { stdio: ["ignore", "ignore", "pipe"] });
    const exited = Promise.all([once(child, "exit"), text(child.stderr)]);
    await eventually(async () => ((await containers("test")) === "" ? undefined : true), 60_000);
    child.kill("SIGINT");
    const [ended, stderr] = await exited;
    expect(ended, stderr).toEqual([1, null]);
    expect(stderr).toContain("interrupted");
    expect(await containers()).toBe("");
  });

  it("is looked for last, and what was looked for is said", async () => {
    const nothing = await bentoTs(["test", "bento-commands-nothing:1"]);
    expect([nothing.code, nothing.stderr]).toEqual([
      2,
      "error: there is no bento-commands-nothing:1: it is no path here and no tag of the stores, and docker has no image of that name\n",
    ]);
    const other = await bentoTs(["inspect", BASE]);
    expect(other.stderr).toBe(
      `error: the image ${BASE} holds no bento (/app/bento.json): name one that "bento-ts build" has made\n`,
    );
    const without = await bentoTs(["inspect", "bento-commands-nothing:1"], { env: { PATH: temp } });
    expect([without.code, without.stderr]).toEqual([
      2,
      "error: there is no bento-commands-nothing:1: it is no path here and no tag of the stores, and no engine answers that could have images (docker is not installed; podman is not installed)\n",
    ]);
  });
});
