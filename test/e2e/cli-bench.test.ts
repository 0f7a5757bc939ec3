import { once } from "node:events";
import { copyFile, readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import type { TuneFile } from "../../packages/runtime/src/models/tune/tune-file.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, bin, start } from "../support/run-command.ts";
import { eventually, root, serve } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Report {
  readonly calls: number;
  readonly succeeded: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latencyMs: Readonly<Record<string, number>>;
  readonly input: string;
  readonly interrupted: boolean;
  readonly batches: readonly { readonly rows: string; readonly batches: number }[] | null;
}

async function bench(...args: readonly string[]): Promise<{ readonly code: number | null; readonly report: Report }> {
  const { code, stdout, stderr } = await bentoTs(["bench", ...args, "--json"]);
  expect(stderr).toBe("");
  return { code, report: JSON.parse(stdout) as Report };
}

async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("bento-ts bench", () => {
  it("serves a project and tells people how its golden examples were answered", async () => {
    const { code, stdout, stderr } = await bentoTs(["bench", "examples/boston", "--requests", "60"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^score over rest {2}http:\/\/127\.0\.0\.1:\d+\/, 16 at once\ngolden examples: ten rows, /);
    expect(stdout).toMatch(/^ {2}throughput +[\d.]+\/s +60 of 60 calls succeeded in [\d.]+ s$/m);
    expect(stdout).toMatch(/^ {2}p50 +p90 +p95 +p99 +max +mean$/m);
    expect(stdout).toMatch(/^ +\S+ – \S+ █+/m);
  });

  it.each([
    ["rest", "made up from the input's type", "200"],
    ["v2", "made up: x FP32 [1,4]", "200"],
    ["v2-grpc", "made up: x FP32 [1,4]", "OK"],
  ])("calls a model without code over %s", async (protocol, input, status) => {
    const model = `${root}test/models/mlp-small.onnx`;
    const { code, report } = await bench(model, "--protocol", protocol, "--requests", "40", "--concurrency", "3");
    expect(code).toBe(0);
    expect(report).toMatchObject({ input, calls: 40, succeeded: 40, statuses: { [status]: 40 }, interrupted: false });
  });

  it("shows the batches of a model that was tuned, whose calls are joined up to the knee", async () => {
    const dir = project({ "notes.txt": "" });
    const model = join(dir, "mlp-small.onnx");
    await copyFile(`${root}test/models/mlp-small.onnx`, model);
    await bentoTs(["tune", model, "--budget", "2s", "--max-batch", "16"]);
    const tuned = JSON.parse(await readFile(join(dir, "bento.tune.json"), "utf8")) as TuneFile;
    const [choice] = tuned.models.map((one) => one.choice);
    // A model so small costs next to nothing more for each further row.
    expect(choice?.batch).toBeGreaterThan(1);
    const { report } = await bench(model, "--requests", "200", "--concurrency", "32");
    const batches = report.batches ?? [];
    expect(batches.reduce((sum, one) => sum + one.batches, 0)).toBeGreaterThan(0);
    expect((await bench(`${root}test/models/mlp-small.onnx`, "--requests", "5")).report.batches).toBeNull();
  });

  it("makes up what columns take, over V2 as well", async () => {
    const { report } = await bench("examples/boston", "--protocol", "v2-grpc", "--requests", "5");
    expect(report).toMatchObject({ succeeded: 5, statuses: { OK: 5 } });
  });

  it("calls a server that runs, by its URL and a body alone, with a credential", async () => {
    const seen: string[] = [];
    const url = await listening((request, response) => {
      seen.push(
        `${request.url} ${request.headers["content-type"]} ${request.headers["x-api-key"]} ${request.headers["x-tenant"]}`,
      );
      request.resume().on("end", () => response.end("{}"));
    });
    const dir = project({ "rows.csv": "a\n1\n" });
    const { code, report } = await bench(
      "--url",
      `${url}/prefix`,
      "--api",
      "score",
      "--data",
      `${dir}/rows.csv`,
      "--requests",
      "4",
      "--api-key",
      "k1",
      "--header",
      "x-tenant: t",
    );
    expect([code, report.calls]).toEqual([0, 4]);
    // One to begin with, and four that count.
    expect(seen).toEqual(Array.from({ length: 5 }, () => "/prefix/score text/csv k1 t"));
  });

  it("sends no load where the admin port that was named gives no metrics", async () => {
    let calls = 0;
    const url = await listening((request, response) => {
      calls += 1;
      request.resume().on("end", () => response.end("{}"));
    });
    const admin = await listening((_, response) => response.writeHead(404).end());
    const flags = ["--url", url, "--api", "score", "--data", "package.json", "--requests", "50", "--admin", admin];
    const { code, stderr } = await bentoTs(["bench", ...flags]);
    expect([code, stderr]).toEqual([
      1,
      `error: no metrics come from ${admin}/: correct --admin, or leave it out to do without\n`,
    ]);
    expect(calls).toBe(1);
  });

  it("tells refusals apart by their status, and fails when nothing succeeds", async () => {
    let calls = 0;
    const url = await listening((request, response) => {
      calls += 1;
      request.resume();
      response.writeHead(calls % 3 === 0 ? 200 : 503).end();
    });
    const dir = project({ "in.json": "1" });
    const flags = ["--url", url, "--api", "a", "--data", `${dir}/in.json`, "--concurrency", "1"];
    const some = await bench(...flags, "--requests", "6");
    expect(some).toMatchObject({ code: 0, report: { calls: 6, succeeded: 2, statuses: { "200": 2, "503": 4 } } });
    calls = 0;
    const none = await bench(...flags, "--requests", "1");
    expect(none).toMatchObject({
      code: 1,
      report: { calls: 1, succeeded: 0, statuses: { "503": 1 }, latencyMs: null },
    });
  });

  it("sends at a rate, and prints what was measured when it is interrupted", async () => {
    let calls = 0;
    const url = await listening((request, response) => {
      calls += 1;
      request.resume().on("end", () => response.end("{}"));
    });
    const dir = project({ "in.json": "1" });
    const flags = ["--url", url, "--api", "a", "--data", `${dir}/in.json`, "--rate", "100", "--duration", "5m"];
    const child = start(process.execPath, [bin, "bench", ...flags, "--json"]);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, "close");
    await eventually(async () => calls > 5 || undefined);
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(0);
    const report = JSON.parse(output) as Report;
    expect(report).toMatchObject({ interrupted: true, rate: 100 });
    expect(report.calls).toBeGreaterThan(0);
    expect(report.calls).toBeLessThan(calls);
  });

  it("gives a call up whose answer comes byte by byte and never ends", async () => {
    const dripping = createServer((_request, response) => {
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => dripping.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = dripping.address() as AddressInfo;
      const dir = project({ "in.json": "1" });
      const flags = ["--url", `http://127.0.0.1:${port}`, "--api", "wait", "--data", `${dir}/in.json`];
      const { code, stderr } = await bentoTs(["bench", ...flags, "--timeout", "200ms", "--duration", "1s"]);
      expect([code, stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
    } finally {
      dripping.closeAllConnections();
      dripping.close();
    }
  });

  it("says what a server that refuses has said", async () => {
    const server = await serve("test/models/mlp-small.onnx", { flags: ["--workers", "1"] });
    servers.push(server);
    const dir = project({ "in.json": '{"x": [1]}' });
    const flags = ["--url", server.url, "--api", "predict", "--data", `${dir}/in.json`];
    const { code, stderr } = await bentoTs(["bench", ...flags]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: the first call was answered with 400: .*x.*\n$/);
  });

  it.each([
    [["no-such"], 2, "there is no no-such"],
    [
      ["--url", "https://models.example.com", "--api", "a", "--protocol", "v2"],
      2,
      "models.example.com is not this machine",
    ],
    [["--url", "http://127.0.0.1:1", "--api", "a", "--protocol", "v2"], 1, "nothing answers at http://127.0.0.1:1/"],
    [
      ["--url", "http://127.0.0.1:1", "--api", "a", "--data", "package.json"],
      1,
      "nothing answers at http://127.0.0.1:1/",
    ],
    [
      ["--url", "http://127.0.0.1:1", "--api", "a", "--protocol", "v2", "--ca", "no-such.pem"],
      1,
      "--ca: there is no readable file no-such.pem",
    ],
    [
      ["--url", "http://127.0.0.1:1", "--api", "a", "--protocol", "v2", "--ca", "package.json"],
      1,
      "--ca: package.json holds no certificate in PEM",
    ],
    [
      ["--url", "http://127.0.0.1:1", "--api", "a", "--protocol", "v2", "--token-file", "no-such.jwt"],
      1,
      "--token-file: there is no readable file no-such.jwt",
    ],
    [["--url", "http://127.0.0.1:1", "--api", "a", "--protocol", "v2-grpc"], 2, "--grpc: expected host:port"],
    [["examples/boston", "--protocol", "soap"], 2, '--protocol: expected rest, v2, v2-grpc, got "soap"'],
    [["examples/boston", "--api", "scor"], 2, '--api: boston has no "scor", it has score'],
    [
      ["examples/ocr", "--shape", "x=1"],
      2,
      "can't be made up: give the API a golden example, or name a file with --data",
    ],
  ])("ends with one sentence: %j", async (args, expected, message) => {
    const { code, stderr, stdout } = await bentoTs(["bench", ...args]);
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([expected, "", 1]);
    expect(stderr).toContain(message);
  });

  it("tells how to trust a server whose authority is not known", async () => {
    const { key, cert } = createAuthority().issue("localhost", { san: "IP:127.0.0.1" });
    const server = createSecureServer({ key, cert }).listen(0, "127.0.0.1");
    closing.push(() => server.close());
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await bentoTs(["bench", "--url", url, "--api", "a", "--protocol", "v2"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: nothing answers at https:.*certificate; --ca names the authority to trust\n$/);
  });
});
