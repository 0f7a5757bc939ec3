import { readFileSync, rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { spawn } from "node:child_process";
import type { BentoReport, ImageReport } from "@bento-ts/packager";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { bentoTs, type Finished, run } from "../support/cli.ts";
import { CONSENTS, HARDENED } from "../support/hardened.ts";
import { describeWith } from "../support/needs.ts";
import { eventually, root } from "../support/server-process.ts";

// Images are built and containers started, beside other tests.
vi.setConfig({ testTimeout: 120_000 });

const BASE = "bento-base:bookworm";
const TAGS = ["boston:test", "team/boston:also"];

const docker = (...args: readonly string[]): Promise<Finished> => run("docker", args);

/** Size of an image as it is saved, compressed. */
async function compressedBytes(image: string): Promise<number> {
  const save = spawn("docker", ["save", image], { stdio: ["ignore", "pipe", "inherit"] });
  let bytes = 0;
  for await (const chunk of save.stdout.pipe(createGzip({ level: 6 }))) bytes += (chunk as Buffer).length;
  return bytes;
}

describeWith("docker with a base image", "bento-ts build examples/boston", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-image-"));
  let built: Finished;
  beforeAll(async () => {
    const names = TAGS.flatMap((tag) => ["-t", tag]);
    const choices = ["--base-image", BASE, "--builder", "docker", "--json", "-o", join(temp, "bento")];
    built = await bentoTs(["build", `${root}examples/boston`, ...choices, ...names]);
  }, 300_000);
  afterAll(async () => {
    rmSync(temp, { recursive: true, force: true });
    await docker("rmi", "--force", ...TAGS);
  });

  /** Starts a container that is removed when the test ends; gives its URLs once it is ready. */
  async function start(...flags: readonly string[]): Promise<{ id: string; url: string; adminUrl: string }> {
    const ports = ["-p", "127.0.0.1::3000", "-p", "127.0.0.1::3002"];
    const started = await docker("run", "--detach", ...HARDENED, ...ports, ...flags, "boston:test");
    const id = started.stdout.trim();
    expect(started).toMatchObject({ exitCode: 0 });
    onTestFinished(async () => void (await docker("rm", "--force", id)));
    const urlOf = async (port: number): Promise<string> =>
      `http://${(await docker("port", id, `${port}/tcp`)).stdout.split("\n")[0] ?? ""}`;
    const [url, adminUrl] = [await urlOf(3000), await urlOf(3002)];
    await eventually(async () => ((await fetch(`${url}/readyz`)).status === 200 ? true : undefined), 60_000);
    return { id, url, adminUrl };
  }

  it("makes an image with both names and says how large it is", async () => {
    expect(built).toMatchObject({ exitCode: 0 });
    const { bento, image }: { readonly bento: BentoReport; readonly image: ImageReport } = JSON.parse(built.stdout);
    expect(image).toMatchObject({ tags: TAGS, base: BASE });
    for (const tag of TAGS)
      expect((await docker("image", "inspect", "--format", "{{.Id}}", tag)).stdout.trim()).toBe(image.id);
    const compressed = await compressedBytes("boston:test");
    const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    const { node, dependencies, models, service } = bento.bytes;
    console.log(
      `image ${mb(image.bytes)}, compressed ${mb(compressed)}; node ${mb(node)}, dependencies ${mb(dependencies)}, models ${mb(models)}, service ${mb(service)}`,
    );
    expect(compressed).toBeLessThanOrEqual(100e6);
  });

  it("answers with scikit-learn's values, probes, metrics and documentation under a read-only root without any capability", async () => {
    const { url, adminUrl } = await start(...CONSENTS);
    const body = readFileSync(`${root}examples/boston/examples/boston10.json`, "utf8");
    const response = await fetch(`${url}/score`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    const prices: unknown = await response.json();
    expect(response.status).toBe(200);
    const expected: readonly number[] = JSON.parse(
      readFileSync(`${root}examples/boston/examples/boston10.out.json`, "utf8"),
    );
    // 1e-3: the tolerance that the example states.
    expect(prices).toEqual(expected.map((price) => expect.closeTo(price, 3)));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${adminUrl}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toMatch(/^bento_ready 1$/m);
    expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({
      info: { title: "boston", version: "1.4.0" },
    });
  });

  it("drains on SIGTERM and exits 0", async () => {
    const { id } = await start(...CONSENTS, "-e", "BENTO_SERVER_DRAIN_DELAY=0s");
    await docker("stop", "--time", "30", id);
    expect((await docker("inspect", "--format", "{{.State.ExitCode}}", id)).stdout.trim()).toBe("0");
    const { stdout } = await docker("logs", id);
    expect(stdout).toContain("draining");
    expect(stdout).not.toMatch(/"level":"(warn|error)"/);
  });

  it("ends at once when it is stopped before it is ready", async () => {
    const started = await docker("run", "--detach", ...HARDENED, ...CONSENTS, "boston:test");
    const id = started.stdout.trim();
    onTestFinished(async () => void (await docker("rm", "--force", id)));
    // Once its own code runs; Node's first milliseconds are not ours.
    await eventually(async () => ((await docker("top", id)).stdout.includes("worker-main") ? true : undefined), 60_000);
    await docker("stop", "--time", "30", id);
    expect((await docker("inspect", "--format", "{{.State.ExitCode}}", id)).stdout.trim()).toBe("0");
  });

  it("is healthy by its own check", async () => {
    const { id } = await start(...CONSENTS, "--health-interval", "1s", "--health-start-period", "0s");
    const health = async (): Promise<true | undefined> =>
      (await docker("inspect", "--format", "{{.State.Health.Status}}", id)).stdout.trim() === "healthy"
        ? true
        : undefined;
    expect(await eventually(health, 30_000)).toBe(true);
  });

  it("writes nothing and tells nobody: no file outside /tmp, no line of a telemetry", async () => {
    const { id } = await start(...CONSENTS);
    expect((await docker("exec", id, "/bin/sh", "-c", "ls -A /tmp")).stdout.trim()).toBe("");
    const { stdout, stderr } = await docker("logs", id);
    expect(stdout + stderr).not.toMatch(/telemetry device/i);
    expect((await docker("exec", id, "/bin/sh", "-c", "echo $ORT_DISABLE_TELEMETRY")).stdout.trim()).toBe("1");
  });

  it("exits 78 naming both keys when nothing consents to open it", async () => {
    const { exitCode, stdout, stderr } = await docker("run", "--rm", ...HARDENED, "boston:test");
    expect(exitCode).toBe(78);
    expect(stdout).toBe("");
    expect(stderr).toContain("missing: security.allowAnonymous, security.allowInsecureConnections");
  });

  it("takes flags and refuses wrong ones with exit code 2", async () => {
    const { exitCode, stderr } = await docker("run", "--rm", ...HARDENED, "boston:test", "--prot", "1");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("run bento-ts-server --help");
  });

  it("holds a shell and sleep, runs as a number in group 0, and holds no npm, no compiler and nothing of another system", async () => {
    const created = await docker("create", "boston:test");
    const id = created.stdout.trim();
    onTestFinished(async () => void (await docker("rm", "--force", id)));
    const listed = await run("/bin/sh", ["-c", `docker export ${id} | tar -t`]);
    const paths = listed.stdout.split("\n");
    expect(paths).toContain("usr/local/bin/node");
    expect(paths.some((path) => /^(usr\/)?bin\/sh$/.test(path))).toBe(true);
    expect(paths.some((path) => /^(usr\/)?bin\/sleep$/.test(path))).toBe(true);
    const forbidden =
      /darwin|win32|\.dll$|\.dylib$|(^|\/)(npm|npx|yarn|gcc|cc|g\+\+|make|esbuild)$|\.d\.ts$|(^|\/)\.env|(^|\/)\.npm/;
    expect(paths.filter((path) => forbidden.test(path) && !/^(proc|sys|dev)\//.test(path))).toEqual([]);
    const { stdout } = await docker("image", "inspect", "boston:test");
    const [{ Config }]: readonly [{ readonly Config: Record<string, unknown> }] = JSON.parse(stdout);
    expect(Config).toMatchObject({
      User: "65532:0",
      WorkingDir: "/app",
      StopSignal: "SIGTERM",
      ExposedPorts: { "3000/tcp": {}, "3002/tcp": {} },
      Labels: {
        "bento-ts.models": expect.stringMatching(/^{"models\/bos_rf.onnx":"sha256:[0-9a-f]{64}"}$/),
        "org.opencontainers.image.title": "boston",
        "org.opencontainers.image.version": "1.4.0",
      },
      Entrypoint: [
        "/bin/sh",
        "/app/init.sh",
        "/usr/local/bin/node",
        "/app/node_modules/@bento-ts/runtime/dist/server/entry.js",
        "--bento",
        "/app",
        "--image",
      ],
    });
  });

  it("says in one sentence that the base is not there", async () => {
    const out = join(temp, "other");
    const args = [
      "build",
      `${root}examples/boston`,
      "--base-image",
      "127.0.0.1:1/absent:1",
      "-o",
      out,
      "-t",
      "boston:never",
    ];
    const { exitCode, stderr } = await bentoTs(args);
    expect(exitCode).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toMatch(
      /^error: the base image "127\.0\.0\.1:1\/absent:1" is not on this machine and can't be fetched: ./,
    );
  });
});
