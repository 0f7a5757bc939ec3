import { existsSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type GrpcEnd, type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { makeProject, put } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** Each input is a word, or the path of a file. */
const SERVICE = `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "crew", version: "1.0.0" })
export class Crew {
  @api({ input: t.String(), output: t.Integer() })
  pid() { return process.pid; }
  @api({ input: t.String(), output: t.Integer() })
  async hold(file) {
    writeFileSync(file, "");
    while (!existsSync(file + "-enough")) await delay(20);
    return process.pid;
  }
  isReady() { return !existsSync(import.meta.dirname + "/sick-" + process.pid); }
}`;
const PROTO = `syntax = "proto3";
package bento.crew.v1;
service Crew { rpc Pid(Word) returns (Pid_); rpc Hold(Word) returns (Pid_); }
message Word { optional string input = 1; }
message Pid_ { int64 output = 1; }`;

let dir: string;
let server: ServerProcess | undefined;
const clients: { close(): void }[] = [];
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE, "crew.proto": PROTO });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(flags: readonly string[] = ["--grpc-port", "0"]): Promise<ServerProcess> {
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", "2", ...flags] });
  return server;
}

/** A client with a connection of its own. */
function crew({ grpcAddress }: ServerProcess): GrpcTestClient {
  return track(grpcClient(grpcAddress, join(dir, "crew.proto"), "bento.crew.v1.Crew", OWN_CONNECTION));
}

function health({ grpcAddress }: ServerProcess): GrpcTestClient {
  return track(grpcClient(grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health", OWN_CONNECTION));
}

/** Clients of one address would share a connection, and come back slowly to a server that was gone. */
const OWN_CONNECTION = {
  "grpc.use_local_subchannel_pool": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 200,
};

function track(client: GrpcTestClient): GrpcTestClient {
  clients.push(client);
  return client;
}

interface Pid {
  readonly output: string;
}
const pid = (client: GrpcTestClient): Promise<GrpcEnd<Pid>> => client.call<Pid>("Pid", [{ input: "" }]);

/** Opens connections until two workers have one, and gives a client of each by the worker's process. */
async function clientOfEach(running: ServerProcess): Promise<ReadonlyMap<number, GrpcTestClient>> {
  const found = new Map<number, GrpcTestClient>();
  for (let tries = 0; tries < 20 && found.size < 2; tries += 1) {
    const client = crew(running);
    found.set(Number((await pid(client)).messages[0]?.output), client);
  }
  expect(found.size).toBe(2);
  return found;
}

const begun = (file: string): Promise<true> => eventually(async () => (existsSync(file) ? true : undefined));

describe("gRPC over two workers", () => {
  it("has one port of its own, which both answer on", async () => {
    const running = await start();
    const { port } = new URL(running.url);
    expect(running.grpcAddress).not.toContain(`:${port}`);
    await clientOfEach(running);
  });

  it("shares the port of REST when it is told so", async () => {
    const port = await freePort();
    const running = await start(["--port", port, "--grpc-port", port]);
    expect(running.grpcAddress).toBe(`127.0.0.1:${port}`);
    const both = await clientOfEach(running);
    const rest = await fetch(`http://127.0.0.1:${port}/pid`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '""',
    });
    expect([...both.keys()]).toContain(await rest.json());
  });

  it("speaks for both of them where it is asked for health", async () => {
    const running = await start();
    const both = await clientOfEach(running);
    const [sick = 0] = both.keys();
    const probes = Array.from({ length: 4 }, () => health(running));
    const seen: unknown[] = [];
    const gone = new AbortController();
    const watch = health(running).call("Watch", [{ service: "bento.crew.v1.Crew" }], {
      signal: gone.signal,
      onMessage: (message) => seen.push(message),
    });
    const answers = async (): Promise<readonly unknown[]> =>
      (await Promise.all(probes.map((probe) => probe.call("Check", [{}])))).map(({ messages }) => messages[0]);
    const allSay = (wanted: number): Promise<true> =>
      eventually(async () =>
        (await answers()).every((answer) => Reflect.get(Object(answer), "status") === wanted) ? true : undefined,
      );
    await allSay(SERVING);
    put(dir, { [`sick-${sick}`]: "" });
    await allSay(NOT_SERVING);
    rmSync(join(dir, `sick-${sick}`));
    await allSay(SERVING);
    await eventually(async () => (seen.length >= 3 ? true : undefined));
    gone.abort();
    await watch;
    expect(seen).toEqual([{ status: SERVING }, { status: NOT_SERVING }, { status: SERVING }]);
  });

  it("leaves no caller waiting when a worker is killed under load, and answers again", async () => {
    const running = await start();
    const both = await clientOfEach(running);
    const [killed = 0] = both.keys();
    const held = [...both.entries()].flatMap(([worker, client]) =>
      [1, 2, 3].map((at) => {
        const file = join(dir, `${worker}-${at}`);
        return { worker, file, end: client.call<Pid>("Hold", [{ input: file }]) };
      }),
    );
    await Promise.all(held.map(({ file }) => begun(file)));
    const ends: GrpcEnd<Pid>[] = [];
    let isLoading = true;
    const callers = [...both.values(), crew(running), crew(running)].map(async (client) => {
      while (isLoading) ends.push(await pid(client));
    });
    await eventually(async () => (ends.length > 50 ? true : undefined));
    process.kill(killed, "SIGKILL");
    // Their worker is gone: they are told at once, nothing lets them finish.
    const lost = held.filter(({ worker }) => worker === killed).map(({ end }) => end);
    expect((await Promise.all(lost)).map(({ code }) => code)).toEqual([14, 14, 14]);
    await eventually(async () => {
      const { messages } = await pid(crew(running));
      const other = Number(messages[0]?.output);
      return other > 0 && !both.has(other) ? true : undefined;
    });
    isLoading = false;
    await Promise.all(callers);
    for (const { worker, file } of held) if (worker !== killed) writeFileSync(`${file}-enough`, "");
    const kept = held.filter(({ worker }) => worker !== killed).map(({ end }) => end);
    expect((await Promise.all(kept)).map(({ code }) => code)).toEqual([0, 0, 0]);
    expect([...new Set(ends.map(({ code }) => code))].filter((code) => code !== 0 && code !== 14)).toEqual([]);
    expect(ends.at(-1)?.code).toBe(status.OK);
  });

  it("drains with GOAWAY: calls that run are answered, none that was sent fails", async () => {
    const running = await start();
    const both = await clientOfEach(running);
    const session = connect(`http://${running.grpcAddress}`);
    session.on("error", () => undefined);
    const file = join(dir, "late");
    const held = holdRaw(session, file);
    await begun(file);
    const ends: GrpcEnd<Pid>[] = [];
    const callers = [...both.values()].map(async (client) => {
      for (let end = await pid(client); ; end = await pid(client)) {
        ends.push(end);
        if (end.code !== 0) return;
      }
    });
    await eventually(async () => (ends.length > 50 ? true : undefined));
    const goaway = once(session, "goaway");
    const exited = once(running.child, "exit");
    running.child.kill("SIGTERM");
    expect((await goaway)[0]).toBe(0);
    writeFileSync(`${file}-enough`, "");
    expect(await held).toBe("0");
    expect(await exited).toEqual([0, null]);
    await Promise.all(callers);
    // The last of each was never sent: nothing listens any more.
    const failed = ends.filter(({ code }) => code !== 0);
    expect(failed).toHaveLength(2);
    for (const { code, details } of failed) {
      expect(code).toBe(status.UNAVAILABLE);
      expect(details).toMatch(/ECONNREFUSED|No connection established/);
    }
    session.destroy();
  });
});

/** Numbers of ServingStatus. */
const SERVING = 1;
const NOT_SERVING = 2;

async function freePort(): Promise<string> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return String(port);
}

/** Calls `Hold` on a connection of which the test sees everything; gives the status. */
function holdRaw(session: ClientHttp2Session, file: string): Promise<unknown> {
  const headers = { ":method": "POST", ":path": "/bento.crew.v1.Crew/Hold", "content-type": "application/grpc" };
  const stream = session.request({ ...headers, te: "trailers" }).on("error", () => undefined);
  const name = Buffer.from(file);
  // Field 1, length-delimited; the path is shorter than 128 bytes.
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  return new Promise((resolve, reject) => {
    const look = ({ "grpc-status": code }: IncomingHttpHeaders): void => void (code !== undefined && resolve(code));
    stream.on("response", look).on("trailers", look).resume();
    stream.on("close", () => reject(new Error("closed without a status")));
  });
}
