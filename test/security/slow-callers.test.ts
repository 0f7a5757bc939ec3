import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { callFields, CODE, field, FLAG, frame, FRAME, openHttp2, type RawHttp2 } from "../hostile/raw-http2.ts";
import { startEndlessCalls } from "../support/endless-calls.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { describeWith } from "../support/needs.ts";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Callers who are slow on purpose: security.md A9, attack B47. A call may last 5 s here, in place of a minute.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "crew", version: "1.0.0" })
export class Crew {
  @api({ input: t.String(), output: t.String() })
  echo(text: string) { return text; }
}`;
const ATTACKERS = 150;

let server: ServerProcess;
beforeAll(async () => {
  server = await serve(join(makeProject({ "service.ts": SERVICE }), "service.ts"), {
    flags: ["--workers", "2", "--grpc-port", "0"],
    env: { BENTO_SERVER_REQUEST_TIMEOUT: "5s", BENTO_SERVER_LIMITS_CONNECTIONS_PER_IP: "300" },
  });
});
afterAll(() => server.stop());

/** Connections that workers hold. */
async function openConnections(): Promise<number> {
  const lines = await (await fetch(`${server.adminUrl}/metrics`)).text();
  return Number(/^bento_connections_open (\d+)$/m.exec(lines)?.[1]);
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => response.resume().once("end", () => resolve(response.statusCode))).once(
      "error",
      reject,
    );
  });
}

const COUNT = ["-c", String(ATTACKERS), "-r", String(ATTACKERS), "-l", "60", "-p", "5"];

/** A large file that anybody reads who may read the documentation. */
const LARGE = "/docs/static/swagger-ui-bundle.js";

describeWith("slowhttptest", "slow callers over HTTP/1.1", () => {
  let tool: ChildProcess | undefined;
  afterEach(() => tool?.kill("SIGTERM"));

  it.each([
    ["headers a line at a time", "/", ["-H", "-i", "2"]],
    ["a body a few bytes at a time", "/echo", ["-B", "-i", "1", "-s", "8192", "-f", "application/json"]],
    ["a reply that is taken a few bytes at a time", LARGE, ["-X", "-w", "512", "-y", "1024", "-n", "2", "-z", "32"]],
  ])("lose their connections, while health is answered: %s", async (_what, path, flags) => {
    // Made when it is first asked for.
    expect(await statusOf(server.url + LARGE)).toBe(200);
    const health = grpcClient(server.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
    const callers = startEndlessCalls({
      REST: () => statusOf(`${server.url}/healthz`),
      admin: () => statusOf(`${server.adminUrl}/readyz`),
      gRPC: async () => (await health.call("Check", [{ service: "" }])).code,
    });
    tool = spawn("slowhttptest", [...COUNT, ...flags, "-u", server.url + path], { stdio: "ignore" });
    await eventually(async () => (await openConnections()) >= ATTACKERS || undefined, 20_000);
    await callers.more(1);
    // 10 s for headers, 5 s for a body; 10 s for a reply and a second for each 64 KiB of it.
    await eventually(async () => (await openConnections()) <= 10 || undefined, 45_000);
    expect(await callers.stop()).toEqual(new Set(["REST: 200", "admin: 200", "gRPC: 0"]));
    health.close();
    const ended = once(tool, "exit");
    if (tool.exitCode === null) {
      tool.kill("SIGTERM");
      await ended;
    }
  });
});

describe("slow callers over HTTP/2", () => {
  const ECHO = "/bento.crew.v1.Crew/Echo";
  /** Frames of a call of `echo`, its message whole. */
  const call = (stream: number): readonly Buffer[] => {
    const message = Buffer.from([0x0a, 1, 0x78]);
    const prefix = Buffer.from([0, 0, 0, 0, message.length]);
    return [
      frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, callFields(ECHO)),
      frame(FRAME.DATA, FLAG.END_STREAM, stream, Buffer.concat([prefix, message])),
    ];
  };
  let line: RawHttp2;
  beforeAll(async () => {
    line = await openHttp2(Number(server.grpcAddress.split(":")[1]));
  });
  afterAll(() => line.destroy());

  it("lose the calls whose replies they open no window for", async () => {
    // Source: RFC 9113, section 6.5.2, SETTINGS_INITIAL_WINDOW_SIZE.
    line.send(frame(FRAME.SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
    line.send(...call(1), ...call(3));
    const { payload } = await line.next(({ stream, type }) => stream === 1 && type === FRAME.RST_STREAM);
    expect(payload.readUInt32BE()).toBe(CODE.ENHANCE_YOUR_CALM);
    await line.next(({ stream, type }) => stream === 3 && type === FRAME.RST_STREAM);
    expect(line.received.filter(({ type }) => type === FRAME.DATA)).toEqual([]);
  });

  it("are answered when the time of a call is over and its message has not come", async () => {
    const begin = frame(FRAME.HEADERS, FLAG.END_HEADERS, 5, callFields(ECHO));
    line.send(begin, frame(FRAME.DATA, 0, 5, Buffer.from([0, 0, 0, 0, 100, 0x0a])));
    const { flags } = await line.next(({ stream, type }) => stream === 5 && type === FRAME.HEADERS);
    expect(flags & FLAG.END_STREAM).toBe(FLAG.END_STREAM);
  });

  it("have a hundred calls at once on a connection, and not one more", async () => {
    const REFUSED_STREAM = 7;
    const streams = Array.from({ length: 101 }, (_, at) => 101 + 2 * at);
    line.send(
      ...streams.map((stream) =>
        frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, Buffer.concat([callFields(ECHO), field("x-a", "b")])),
      ),
    );
    const { payload } = await line.next(({ stream, type }) => stream === 301 && type === FRAME.RST_STREAM);
    expect(payload.readUInt32BE()).toBe(REFUSED_STREAM);
  });
});
