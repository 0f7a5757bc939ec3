import http from "node:http";
import net from "node:net";
import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";

const servers: ServerProcess[] = [];
const started = async (...args: Parameters<typeof serve>): Promise<ServerProcess> => {
  const server = await serve(...args);
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const models = `${root}test/models`;
const row = JSON.stringify({ x: [[1, 2, 3, 4]] });
const post = (
  url: string,
  body: string,
  init: Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> =>
  fetch(url, { method: "POST", body, ...init, headers: { "content-type": "application/json", ...init.headers } });

interface Readiness {
  readonly ready: boolean;
  readonly workers: readonly {
    readonly pid: number;
    readonly phase: string;
    readonly models: readonly { readonly place: string }[];
  }[];
}
const readiness = async (server: ServerProcess): Promise<Readiness> =>
  (await fetch(`${server.adminUrl}/readyz?verbose`)).json() as Promise<Readiness>;

describe("a served model file", () => {
  it("answers POST /predict with the values that NumPy computed, without any code", async () => {
    const server = await started(`${models}/mlp-small.onnx`, { flags: ["--workers", "1"] });
    const input = await readFile(`${models}/mlp-small.in.json`, "utf8");
    const expected = JSON.parse(await readFile(`${models}/mlp-small.out.json`, "utf8")) as { y: number[][] };
    const response = await post(`${server.url}/predict`, input);
    expect(response.status).toBe(200);
    const { y } = (await response.json()) as { y: number[][] };
    expect(
      y
        .flat()
        .map((value, at) => Math.abs(value - (expected.y.flat()[at] ?? NaN)))
        .every((difference) => difference <= 1e-6),
    ).toBe(true);
  });

  it("serves a folder that holds one model as that model", async () => {
    const server = await started(`${root}examples/boston/models`, { flags: ["--workers", "1"] });
    const body = JSON.stringify({ X: [[0.09178, 0, 4.05, 0, 0.51, 6.416, 84.1, 2.6463, 5, 296, 16.6, 395.5, 9.04]] });
    const response = await post(`${server.url}/predict`, body);
    expect(response.status).toBe(200);
    // The first row of boston10.out.json, by scikit-learn.
    const { variable } = (await response.json()) as { variable: number[][] };
    expect(Math.abs((variable[0]?.[0] ?? NaN) - 23.488944444444442)).toBeLessThan(1e-3);
  });
});

describe("workers", () => {
  it("are replaced when one is killed in the middle of load: no caller hangs, readiness shows it and recovers", async () => {
    const server = await started(`${models}/slow-90ms.onnx`, { flags: ["--workers", "2"] });
    const before = await readiness(server);
    expect(before).toMatchObject({ ready: true, workers: [{ phase: "ready" }, { phase: "ready" }] });
    const victim = before.workers[0]?.pid ?? 0;
    let answered = 0;
    let cut = 0;
    const caller = async (): Promise<void> => {
      for (let call = 0; call < 6; call += 1) {
        try {
          const response = await post(`${server.url}/predict`, row, { signal: AbortSignal.timeout(25_000) });
          expect(response.status).toBe(200);
          answered += 1;
        } catch (error) {
          expect((error as Error).name).not.toBe("TimeoutError");
          cut += 1;
        }
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, caller));
    await eventually(async () => (answered > 4 ? true : undefined));
    process.kill(victim, "SIGKILL");
    await eventually(async () => ((await readiness(server)).ready ? undefined : true));
    await load;
    // At most the calls inside the dead worker are lost: each of 8 callers has one call under way.
    expect(cut).toBeLessThanOrEqual(8);
    expect(answered + cut).toBe(48);
    const after = await eventually(async () => {
      const now = await readiness(server);
      return now.ready ? now : undefined;
    });
    expect(after.workers.map((worker) => worker.pid)).not.toContain(victim);
  });

  it("finish every call under way when the server is told to stop, and exit 0", async () => {
    const server = await started(`${models}/slow-90ms.onnx`, {
      flags: ["--workers", "2"],
      env: { BENTO_SERVER_DRAIN_DELAY: "1s" },
    });
    let failed = 0;
    let answered = 0;
    let stopping = false;
    // As a load balancer does: a caller sends nothing new once the server says that it is not ready.
    const caller = async (): Promise<void> => {
      while (!stopping) {
        const status = await post(`${server.url}/predict`, row).then(
          (response) => response.text().then(() => response.status),
          () => 0,
        );
        if (status === 200) answered += 1;
        else failed += 1;
      }
    };
    const watch = async (): Promise<void> => {
      while (!stopping) {
        const ready = await fetch(`${server.url}/readyz`).then(
          (response) => response.status === 200,
          () => false,
        );
        if (!ready) stopping = true;
      }
    };
    const load = [...Array.from({ length: 8 }, caller), watch()];
    await eventually(async () => (answered > 10 ? true : undefined));
    const code = server.stop();
    await Promise.all(load);
    expect(await code).toBe(0);
    expect(failed).toBe(0);
  });

  it("share one port, and both answer", async () => {
    const server = await started(`${models}/add-one.onnx`, { flags: ["--workers", "2"] });
    for (let call = 0; call < 20; call += 1) {
      const response = await post(`${server.url}/predict`, row, { headers: { connection: "close" } });
      expect(await response.json()).toEqual({ y: [[2, 3, 4, 5]] });
    }
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    // Summed over the workers: one number, whichever worker took the call.
    expect(metrics).toMatch(/bento_requests_total\{[^}]*api="predict"[^}]*status="200"[^}]*\} 20\b/);
    expect(await (await fetch(`${server.adminUrl}/prometheus`)).text()).toContain("bento_requests_total");
  });

  it("run a slow model beside the event loop: health answers while it computes", async () => {
    const server = await started(`${models}/slow-1s.onnx`, { flags: ["--workers", "1"] });
    expect((await readiness(server)).workers[0]?.models[0]?.place).toBe("thread");
    const slow = post(`${server.url}/predict`, row).then(() => "computed");
    const health = fetch(`${server.url}/healthz`).then(() => "health");
    expect(await Promise.race([slow, health])).toBe("health");
    expect(await slow).toBe("computed");
  });
});

describe("limits of a call", () => {
  it("answers 504 when the caller's own time is over, and 400 for a time that is none", async () => {
    const server = await started(`${models}/slow-1s.onnx`, { flags: ["--workers", "1"] });
    const late = await post(`${server.url}/predict`, row, { headers: { "x-request-timeout-ms": "100" } });
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      detail: "the call was not answered within 100 ms",
    });
    const odd = await post(`${server.url}/predict`, row, { headers: { "x-request-timeout-ms": "soon" } });
    expect(odd.status).toBe(400);
    expect(await odd.json()).toMatchObject({ detail: expect.stringContaining('got "soon"') });
  });

  it("refuses with 503 and Retry-After what neither runs nor fits into the queue", async () => {
    const env = { BENTO_SERVER_LIMITS_CONCURRENCY: "1", BENTO_SERVER_LIMITS_QUEUE_ROWS: "1" };
    const server = await started(`${models}/slow-1s.onnx`, { flags: ["--workers", "1"], env });
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(`${server.url}/predict`, row)));
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 200, 503, 503]);
    for (const refused of answers.filter((answer) => answer.status === 503)) {
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(await refused.json()).toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  it("drops queued work of callers who have left", async () => {
    const env = { BENTO_SERVER_LIMITS_CONCURRENCY: "1" };
    const server = await started(`${models}/slow-1s.onnx`, { flags: ["--workers", "1"], env });
    const first = post(`${server.url}/predict`, row);
    const leavers = Array.from({ length: 5 }, () =>
      post(`${server.url}/predict`, row, { signal: AbortSignal.timeout(100) }).catch(() => undefined),
    );
    await Promise.all(leavers);
    const last = post(`${server.url}/predict`, row);
    expect((await first).status).toBe(200);
    expect((await last).status).toBe(200);
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    // Two runs by callers; those who left while queued were never computed. Warm-up runs are counted apart.
    expect(metrics).toMatch(/bento_requests_total\{[^}]*status="499"[^}]*\} 5\b/);
    expect(metrics).toMatch(/bento_model_run_duration_seconds_count\{[^}]*\} 2\b/);
  });
});

describe("the start rule", () => {
  it("refuses to bind beyond loopback unless both keys are set, with exit code 78 and both names", async () => {
    const refused = await serve(`${models}/add-one.onnx`, { flags: ["--host", "0.0.0.0"] }).catch(
      (error: Error) => error.message,
    );
    expect(refused).toMatch(/ended with 78/);
    expect(refused).toContain("security.allowAnonymous");
    expect(refused).toContain("security.allowInsecureConnections");
    const env = { BENTO_SECURITY_ALLOW_ANONYMOUS: "true", BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true" };
    const server = await started(`${models}/add-one.onnx`, { flags: ["--host", "0.0.0.0", "--workers", "1"], env });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("refuses unknown and wrong keys, all at once", async () => {
    const env = { BENTO_SERVER_DRAIN_DELAY: "5", BENTO_SERVER_PROT: "3000" };
    const refused = await serve(`${models}/add-one.onnx`, { env }).catch((error: Error) => error.message);
    expect(refused).toMatch(/ended with 78/);
    expect(refused).toContain("server.drainDelay");
    expect(refused).toContain("BENTO_SERVER_PROT");
  });
});

describe("connections", () => {
  it("answers bytes that are not HTTP with 400 and closes, and goes on serving", async () => {
    const server = await started(`${models}/add-one.onnx`, { flags: ["--workers", "1"] });
    const { port } = new URL(server.url);
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = net.connect(Number(port), "127.0.0.1", () => socket.end("\x16\x03\x01 not http\r\n\r\n"));
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(reply).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect((await post(`${server.url}/predict`, row)).status).toBe(200);
  });

  it("are limited for each address, not for trusted proxies", async () => {
    const env = { BENTO_SERVER_LIMITS_CONNECTIONS_PER_IP: "1", BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.9"]' };
    const server = await started(`${models}/add-one.onnx`, { flags: ["--workers", "1"], env });
    const { port } = new URL(server.url);
    const agents = [new http.Agent({ keepAlive: true }), new http.Agent({ keepAlive: true })];
    /** The first call of an agent opens its connection, which is kept. */
    const healthOver = (agent: http.Agent | undefined, localAddress: string): Promise<number | string | undefined> =>
      new Promise((resolve) => {
        const options = { host: "127.0.0.1", port, path: "/healthz", agent, localAddress };
        const request = http.get(options, (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode));
        });
        request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    expect(await healthOver(agents[0], "127.0.0.1")).toBe(200);
    expect(await healthOver(agents[1], "127.0.0.1")).toBe("ECONNRESET");
    expect(await healthOver(agents[0], "127.0.0.1")).toBe(200);
    const proxied = [1, 2, 3].map(() => healthOver(new http.Agent({ keepAlive: true }), "127.0.0.9"));
    expect(await Promise.all(proxied)).toEqual([200, 200, 200]);
    for (const agent of agents) agent.destroy();
  });

  it("sends 100 Continue only when the body is wanted", async () => {
    const server = await started(`${models}/add-one.onnx`, { flags: ["--workers", "1"] });
    const { port } = new URL(server.url);
    const ask = (headers: http.OutgoingHttpHeaders): Promise<{ status: number | undefined; continued: boolean }> =>
      new Promise((resolve, reject) => {
        let continued = false;
        const request = http.request({
          host: "127.0.0.1",
          port,
          path: "/predict",
          method: "POST",
          headers: { expect: "100-continue", ...headers },
        });
        request.on("continue", () => {
          continued = true;
          request.end(row);
        });
        request.on("response", (response) => {
          response.resume();
          resolve({ status: response.statusCode, continued });
          request.destroy();
        });
        request.on("error", reject);
        request.flushHeaders();
      });
    expect(await ask({ "content-type": "application/json", "content-length": Buffer.byteLength(row) })).toEqual({
      status: 200,
      continued: true,
    });
    expect(await ask({ "content-type": "application/json", "content-length": 17 * 2 ** 20 })).toEqual({
      status: 413,
      continued: false,
    });
  });
});
