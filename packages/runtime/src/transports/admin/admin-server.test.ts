import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../telemetry/logger.ts";
import type { ServerState, WorkerState } from "../../telemetry/readiness.ts";
import { createAdminServer, type AdminServer } from "./admin-server.ts";

const worker = (fields: Partial<WorkerState>): WorkerState => ({
  id: 0,
  pid: 4711,
  phase: "ready",
  restarts: 0,
  models: [
    {
      source: "models/a.onnx",
      place: "thread",
      p95Ms: 12.34567,
      tuned: { threads: 2, batch: 8 },
      note: undefined,
      digest: "sha256:ab",
      replacement: "a:2",
      warning: undefined,
    },
  ],
  note: undefined,
  ...fields,
});

describe("createAdminServer", () => {
  const log: string[] = [];
  const logger = createLogger({ level: "info", format: "json", destination: { write: (line) => log.push(line) } });
  let state: ServerState;
  let metrics: () => Promise<string>;
  let admin: AdminServer;

  beforeEach(async () => {
    state = { phase: "serving", ready: true, workers: [worker({})] };
    metrics = async () => "# HELP a A\n# TYPE a counter\na 1\n";
    admin = await createAdminServer({
      host: "127.0.0.1",
      port: 0,
      metricsPath: "/own/metrics",
      state: () => state,
      metrics: () => metrics(),
      logger,
    });
  });
  afterEach(() => admin.close());

  const get = (path: string, method = "GET"): Promise<Response> =>
    fetch(`http://127.0.0.1:${admin.address.port}${path}`, { method });

  it("is live whatever the state is", async () => {
    state = { phase: "starting", ready: false, workers: [worker({ phase: "starting", models: [] })] };
    const response = await get("/healthz");
    expect([response.status, await response.json()]).toEqual([200, { live: true }]);
  });

  it("is ready when the server is", async () => {
    const ready = await get("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, phase: "serving", workersReady: 1, workersWanted: 1 },
    ]);
    state = { phase: "draining", ready: false, workers: [worker({})] };
    const draining = await get("/readyz");
    expect([draining.status, await draining.json()]).toMatchObject([503, { ready: false, phase: "draining" }]);
  });

  it("lists workers and models when asked to", async () => {
    state = {
      phase: "serving",
      ready: false,
      workers: [
        worker({}),
        worker({ id: 1, pid: undefined, phase: "dead", restarts: 2, models: [], note: "ended (SIGKILL)" }),
      ],
    };
    const response = await get("/readyz?verbose");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      ready: false,
      phase: "serving",
      workersReady: 1,
      workersWanted: 2,
      workers: [
        {
          id: 0,
          pid: 4711,
          phase: "ready",
          restarts: 0,
          models: [
            {
              source: "models/a.onnx",
              place: "thread",
              p95Ms: 12.346,
              tuned: { threads: 2, batch: 8 },
              digest: "sha256:ab",
              replacement: "a:2",
            },
          ],
        },
        { id: 1, phase: "dead", restarts: 2, note: "ended (SIGKILL)", models: [] },
      ],
    });
  });

  it.each(["/metrics", "/prometheus", "/metrics?name[]=a"])("gives metrics at %s", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toBe("# HELP a A\n# TYPE a counter\na 1\n");
  });

  it("answers HEAD as GET without a body", async () => {
    const response = await get("/metrics", "HEAD");
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "32", ""]);
  });

  it("knows no other path and no other method", async () => {
    const missing = await get("/score");
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { status: 404, title: "Not found", code: "NOT_FOUND" },
    ]);
    expect((await get("/__proto__")).status).toBe(404);
    expect((await get("/constructor")).status).toBe(404);
    const post = await get("/metrics", "POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("hides why it failed", async () => {
    metrics = () => Promise.reject(new Error("secret place"));
    const response = await get("/metrics");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret place");
    expect(log.join("")).toContain("secret place");
  });

  it("refuses headers past 16 KiB and what is no HTTP, and lives on", async () => {
    const send = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(admin.address.port, "127.0.0.1", () => socket.write(text));
        let answer = "";
        socket.on("data", (chunk) => {
          answer += String(chunk);
        });
        socket.on("end", () => resolve(answer));
        socket.on("error", reject);
      });
    expect(await send(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(17_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await send("\u0016\u0003\u0001hello\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("names the address that it can't have", async () => {
    const { port } = admin.address;
    const options = {
      host: "127.0.0.1",
      port,
      metricsPath: "/metrics",
      state: () => state,
      metrics: () => metrics(),
      logger,
    };
    await expect(createAdminServer(options)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `can't listen on 127.0.0.1 port ${port}: another process has it; choose another port or end that process`,
    });
  });

  it("closes while a connection is open", async () => {
    const socket = connect(admin.address.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.resume();
    await admin.close();
    await ended;
    await expect(get("/healthz")).rejects.toThrow("fetch failed");
  });
});
