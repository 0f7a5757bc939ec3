import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OnBuildEvent } from "../../packages/packager/src/progress.ts";
import type { ImageFacts } from "../../packages/packager/src/image/image-plan.ts";
import { type MakeImageOptions, makeImage } from "../../packages/packager/src/making/make-image.ts";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { run } from "../support/cli.ts";
import { type HeldLine, openHeldLine } from "../support/held-line.ts";
import { describeWith } from "../support/needs.ts";
import { root } from "../support/server-process.ts";
import { writeSmallBento } from "../support/small-bento.ts";

// An engine is started for each.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const BASE = "bento-base:bookworm";
/** Debian's client brings BuildKit along; others need a plug-in. */
const PATH = `/usr/bin:${process.env["PATH"] ?? ""}`;

describeWith(["root", "docker with a base image"], "a Docker engine that goes away in the middle of the work", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-lost-"));
  // An engine of this test's own: others go on.
  const dir = join(temp, "engine");
  const socket = join(dir, "docker.sock");
  const own = { BENTO_DOCKER_DIR: dir, BENTO_DOCKER_BRIDGE: "none" };
  const script = async (word: string): Promise<void> => {
    const { exitCode, stderr } = await run(`${root}scripts/docker.sh`, [word], own);
    assert.equal(exitCode, 0, stderr);
  };
  beforeAll(async () => {
    await script("start");
    const copy = `docker save ${BASE} | DOCKER_HOST=unix://${socket} docker load`;
    assert.equal((await run("/bin/sh", ["-c", copy])).exitCode, 0);
  });
  afterAll(async () => {
    await script("stop");
    rmSync(temp, { recursive: true, force: true });
  });

  /** What has to be as it was: the folder of temporary files, that of the output, and the cache. */
  function places(
    script: string,
    change: Partial<ImageFacts> = {},
  ): { readonly options: MakeImageOptions; left(): readonly string[] } {
    const work = mkdtempSync(join(temp, "work-"));
    for (const name of ["tmp", "out", "home"]) mkdirSync(join(work, name));
    vi.stubEnv("TMPDIR", join(work, "tmp"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const bentoDir = writeSmallBento(join(work, "bento"), { base: BASE, script, ...change });
    const env = { ...process.env, PATH, DOCKER_HOST: `unix://${socket}`, BENTO_HOME: join(work, "home") };
    const options: MakeImageOptions = {
      bentoDirs: [bentoDir],
      tags: [],
      builder: "docker",
      network: "none",
      projectDir: work,
      env,
    };
    const left = (): readonly string[] =>
      ["tmp", "out", "home/cache/tmp"].flatMap((name) =>
        existsSync(join(work, name)) ? readdirSync(join(work, name)) : [],
      );
    return { options, left };
  }
  const gone = (at: string): object => ({
    code: "FAILED_PRECONDITION",
    message: `the docker engine at unix://${at} has gone in the middle of the work: start it and build again, or use --builder oci -o FILE.tar, which needs none`,
  });

  it.each(["0", "1"])("ends a build in one sentence and leaves no file, DOCKER_BUILDKIT=%s", async (buildkit) => {
    await script("start");
    const { options, left } = places("echo it runs\nexec sleep 600\n");
    const onEvent: OnBuildEvent = (event) => {
      if (event.kind === "line" && /^(?:#\d+ [\d.]+ )?it runs$/.test(event.text))
        process.kill(Number(readFileSync(join(dir, "docker.pid"), "utf8")), "SIGKILL");
    };
    const env = { ...options.env, DOCKER_BUILDKIT: buildkit };
    await expect(makeImage({ ...options, env, onEvent })).rejects.toMatchObject(gone(socket));
    expect(left()).toEqual([]);
    // It ends what the dead one has left.
    await script("stop");
  });

  /** A line to the engine that is cut in the answer to a request. */
  async function openLine({ projectDir }: MakeImageOptions, request: RegExp): Promise<HeldLine> {
    const line = await openHeldLine({ path: join(projectDir, "cut.sock"), target: socket, request });
    onTestFinished(() => line.close());
    void line.held.then(() => line.close());
    return line;
  }
  const OUTPUTS = ["image.tar", "layout"] as const;
  it.each(OUTPUTS)("writes no half of %s when it goes while it saves the image", async (name) => {
    await script("start");
    const { options, left } = places("true\n");
    const line = await openLine(options, /^GET \S+\/images\/get\?/);
    const env = { ...options.env, DOCKER_HOST: `unix://${line.at}` };
    const output = join(options.projectDir, "out", name);
    await expect(makeImage({ ...options, env, output })).rejects.toMatchObject(gone(line.at));
    await line.held;
    expect(left()).toEqual([]);
  });

  it("leaves no file when it goes while it takes an image that was made without it", async () => {
    await script("start");
    const { options, left } = places("true\n", { scripts: [] });
    const line = await openLine(options, /^POST \S+\/images\/load\?/);
    const env = { ...options.env, DOCKER_HOST: `unix://${line.at}` };
    await expect(makeImage({ ...options, builder: "oci", env })).rejects.toMatchObject(gone(line.at));
    await line.held;
    expect(left()).toEqual([]);
  });
});
