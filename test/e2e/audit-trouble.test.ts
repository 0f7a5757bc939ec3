import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { makeProject, put } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "scribe", version: "1.2.3" })
export class Scribe {
  @api({ input: t.String(), output: t.String() })
  echo(text) { return text; }
}`;
const PROTO = `syntax = "proto3";
package bento.scribe.v1;
service Scribe { rpc Echo(Word) returns (Word_); }
message Word { optional string input = 1; }
message Word_ { string output = 1; }`;

let dir: string;
let server: ServerProcess | undefined;
const clients: GrpcTestClient[] = [];
const receivers: Server[] = [];
const descriptors: number[] = [];
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE, "scribe.proto": PROTO });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  await server?.stop();
  for (const receiver of receivers.splice(0)) {
    receiver.close();
    receiver.closeAllConnections();
  }
  rmSync(dir, { recursive: true, force: true });
});

async function started(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", "1", "--grpc-port", "0"], env });
  return server;
}

const post = ({ url }: ServerProcess, body = '"the answer"', id = "call"): Promise<Response> =>
  fetch(`${url}/echo`, { method: "POST", body, headers: { "content-type": "application/json", "x-request-id": id } });

/** Calls over gRPC and gives the status code, and what came before it. */
async function grpcCall({
  grpcAddress,
}: ServerProcess): Promise<readonly [code: number, messages: readonly unknown[]]> {
  const client = grpcClient(grpcAddress, join(dir, "scribe.proto"), "bento.scribe.v1.Scribe");
  clients.push(client);
  const { code, messages } = await client.call("Echo", [{ input: "the answer" }]);
  return [code, messages];
}

/** Records that were lost; a worker that computes may be missing from a first scrape. */
const dropped = ({ adminUrl }: ServerProcess): Promise<number> =>
  eventually(async () => {
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    const count = /^bento_audit_dropped_total (\d+)$/m.exec(text)?.[1];
    return count === undefined ? undefined : Number(count);
  });

/** A pipe by name, with an end to read from that nobody reads yet. */
function makePipe(): { readonly path: string; readonly reader: number } {
  const path = join(dir, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  descriptors.push(reader);
  return { path, reader };
}

/** Everything that stands in a pipe now. */
function drainPipe(reader: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = "";
  try {
    for (let bytes = readSync(reader, chunk); bytes > 0; bytes = readSync(reader, chunk))
      text += chunk.toString("utf8", 0, bytes);
  } catch {
    // Empty for now.
  }
  return text;
}

const FULL = { BENTO_SECURITY_AUDIT_FILE: "/dev/full" };

describe.skipIf(process.platform !== "linux")("a record that can't be written", () => {
  it.each(["drop", "block"])("is counted under %s, and the calls are answered, over REST and gRPC", async (mode) => {
    const running = await started({ ...FULL, BENTO_SECURITY_AUDIT_MODE: mode });
    const calls = [post(running), grpcCall(running)] as const;
    // Probes are answered while records wait.
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    expect((await calls[0]).status).toBe(200);
    expect(await calls[1]).toEqual([0, [{ output: "the answer" }]]);
    expect(await dropped(running)).toBe(2);
    expect(running.output()).toContain("audit records can't be written");
  });

  it("is the end of calls under strict: 503 and UNAVAILABLE, without the answer", async () => {
    const running = await started({ ...FULL, BENTO_SECURITY_AUDIT_MODE: "strict" });
    for (let call = 0; call < 2; call += 1) {
      const reply = await post(running);
      expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await reply.text()).not.toContain("the answer");
      expect(await grpcCall(running)).toEqual([14, []]);
    }
    expect((await fetch(`${running.url}/nowhere`)).status).toBe(503);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  });

  it.each([
    ["drop", 200, 0],
    ["block", 200, 0],
    ["strict", 503, 14],
  ])("since its pipe was closed: %s answers %i and %i", async (mode, status, code) => {
    const { path, reader } = makePipe();
    const running = await started({ BENTO_SECURITY_AUDIT_FILE: path, BENTO_SECURITY_AUDIT_MODE: mode });
    expect((await post(running, '"a"', "before")).status).toBe(200);
    await eventually(async () => (drainPipe(reader).includes('"requestId":"before"') ? true : undefined));
    closeSync(descriptors.pop() ?? -1);
    expect((await post(running)).status).toBe(status);
    expect((await grpcCall(running))[0]).toBe(code);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  });
});

describe.skipIf(process.platform !== "linux")("a pipe whose reader is slow", () => {
  it("holds answers back under block until it takes their records, whole and in order, and nothing else", async () => {
    const { path, reader } = makePipe();
    const running = await started({
      BENTO_SECURITY_AUDIT_FILE: path,
      BENTO_SECURITY_AUDIT_MODE: "block",
      BENTO_SECURITY_AUDIT_LEVEL: "request",
    });
    let text = drainPipe(reader);
    // Twice what a pipe takes.
    const large = JSON.stringify("x".repeat(60_000));
    const calls = [post(running, large, "first"), post(running, large, "second"), post(running, '"a"', "third")];
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    const statuses = Promise.all(calls.map(async (call) => (await call).status));
    await eventually(async () => {
      text += drainPipe(reader);
      return text.split("\n").length > 4 ? true : undefined;
    });
    expect(await statuses).toEqual([200, 200, 200]);
    const lines = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      lines
        .flatMap(({ requestId }) => requestId ?? [])
        .map(String)
        .sort(),
    ).toEqual(["first", "second", "third"]);
    expect(lines.find(({ requestId }) => requestId === "first")?.["body"]).toBe(large);
    expect(await dropped(running)).toBe(0);
  });
});

interface Receiver {
  readonly url: string;
  readonly batches: { readonly headers: Readonly<Record<string, unknown>>; readonly ids: readonly unknown[] }[];
  status: number;
}

/** Takes batches of records, over https where it is given a pair. */
async function receive(pair?: { readonly cert: Buffer; readonly key: Buffer }): Promise<Receiver> {
  const state: Receiver = { url: "", batches: [], status: 204 };
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const lines = text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      if (state.status === 204)
        state.batches.push({ headers: request.headers, ids: lines.flatMap(({ requestId }) => requestId ?? []) });
      response.writeHead(state.status, { location: "/elsewhere" }).end();
    });
  };
  const receiver = pair === undefined ? createServer(answer) : createTlsServer(pair, answer);
  receivers.push(receiver);
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  return Object.assign(state, { url: `${pair === undefined ? "http" : "https"}://127.0.0.1:${port}/records` });
}

const webhook = (receiver: Receiver, more: object = {}): Readonly<Record<string, string>> => ({
  BENTO_SECURITY_AUDIT_WEBHOOK: JSON.stringify({ url: receiver.url, batchDelay: "20ms", ...more }),
});

const idsAt = (receiver: Receiver): readonly unknown[] => receiver.batches.flatMap(({ ids }) => ids);

describe("an audit webhook", () => {
  it("is sent records as JSON lines with its secret, read anew when it is rotated, and the rest when the server stops", async () => {
    put(dir, { secret: "Bearer one\n" });
    const receiver = await receive();
    const running = await started(
      webhook(receiver, { authorization: { file: join(dir, "secret") }, batchDelay: "50ms" }),
    );
    await post(running, '"a"', "first");
    await eventually(async () => (idsAt(receiver).includes("first") ? true : undefined));
    writeFileSync(join(dir, "secret"), "Bearer two\n");
    await post(running, '"a"', "second");
    await eventually(async () => (idsAt(receiver).includes("second") ? true : undefined));
    const byCall = (id: string): unknown => receiver.batches.find(({ ids }) => ids.includes(id))?.headers;
    expect(byCall("first")).toMatchObject({ authorization: "Bearer one", "content-type": "application/x-ndjson" });
    expect(byCall("second")).toMatchObject({ authorization: "Bearer two" });
    await post(running, '"a"', "third");
    expect(await running.stop()).toBe(0);
    expect(idsAt(receiver)).toEqual(["first", "second", "third"]);
  });

  it("that fails is tried again under drop, in order, and refuses calls under strict until it is well", async () => {
    const receiver = await receive();
    const running = await started({ ...webhook(receiver), BENTO_SECURITY_AUDIT_MODE: "strict" });
    // A redirect is a failure too: nobody is sent the records but whom the configuration names.
    receiver.status = 307;
    expect((await post(running, '"a"', "first")).status).toBe(200);
    await eventually(async () => ((await post(running, '"a"', "refused")).status === 503 ? true : undefined));
    expect((await grpcCall(running))[0]).toBe(14);
    receiver.status = 204;
    await eventually(async () => ((await post(running, '"a"', "last")).status === 200 ? true : undefined));
    await eventually(async () => (idsAt(receiver).includes("last") ? true : undefined));
    expect(idsAt(receiver)[0]).toBe("first");
    expect(running.output()).toMatch(/audit webhook answered 307/);
  });

  it("is believed by the authority that the configuration names alone", async () => {
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=audit", "-addext", "subjectAltName=IP:127.0.0.1"];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    execFileSync("openssl", [...args, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    const { readFileSync } = await import("node:fs");
    const receiver = await receive({ cert: readFileSync(cert), key: readFileSync(key) });
    const trusting = await started(webhook(receiver, { ca: cert }));
    await post(trusting, '"a"', "first");
    await eventually(async () => (idsAt(receiver).includes("first") ? true : undefined));
    await trusting.stop();
    const doubting = await started(webhook(receiver));
    await post(doubting, '"a"', "second");
    await eventually(async () => (/"code":"[A-Z_]*SELF_SIGNED[A-Z_]*"/.test(doubting.output()) ? true : undefined));
    expect(idsAt(receiver)).toEqual(["first"]);
  });

  it.each([
    ["http://audit.example.com/records", "security.audit.webhook.url: expected https"],
    ["https://user:word@audit.example.com/", "security.audit.webhook.url: expected no user and password"],
  ])("stops the start when it is %s", async (url, message) => {
    const start = started({ BENTO_SECURITY_AUDIT_WEBHOOK: JSON.stringify({ url }) });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.not.toThrow("word@");
  });
});
