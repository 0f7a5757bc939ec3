import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { writeFileSync } from "node:fs";
import { api, service, ServingError, t, tensor } from "@bento-ts/runtime";
@service({ name: "scribe", version: "1.2.3" })
export class Scribe {
  @api({ input: t.String(), output: t.String() })
  echo(text) { return text; }
  @api({ input: t.String(), output: t.String() })
  refuse() { throw new ServingError("PERMISSION_DENIED", "not you"); }
  @api({ input: t.String(), output: t.Number() })
  async hold(file) { writeFileSync(file, ""); await new Promise(() => {}); }
  @api({ input: tensor("float32", [null]), output: tensor("float32", [null]) })
  model(x) { return x; }
}`;
const PROTO = `syntax = "proto3";
package bento.scribe.v1;
service Scribe { rpc Echo(Word) returns (Word_); rpc Refuse(Word) returns (Word_); rpc Nothing(Word) returns (Word_); }
message Word { optional string input = 1; }
message Word_ { string output = 1; }`;

type Line = Readonly<Record<string, unknown>>;

let dir: string;
let file: string;
let server: ServerProcess | undefined;
const clients: GrpcTestClient[] = [];
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE, "scribe.proto": PROTO });
  file = join(dir, "audit.jsonl");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function started(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  server = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SECURITY_AUDIT_FILE: file, ...env },
  });
  return server;
}

const linesOf = (path = file): readonly Line[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
const calls = (path = file): readonly Line[] => linesOf(path).filter((line) => line["event"] === undefined);
const events = (path = file): readonly Line[] => linesOf(path).filter((line) => line["event"] !== undefined);
/** Waits for the records of so many calls, and gives them. */
const callsOf = (count: number): Promise<readonly Line[]> =>
  eventually(async () => (calls().length >= count ? calls() : undefined));

const post = (
  { url }: ServerProcess,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${url}${path}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

function scribe({ grpcAddress }: ServerProcess): GrpcTestClient {
  return track(grpcClient(grpcAddress, join(dir, "scribe.proto"), "bento.scribe.v1.Scribe"));
}

function track(client: GrpcTestClient): GrpcTestClient {
  clients.push(client);
  return client;
}

/** Sends bytes as they are and gives what comes back until the connection ends. */
async function sendBytes({ url }: ServerProcess, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("audit of a running server", () => {
  it("is one line for each call that is allowed, refused, failed and left, over REST and gRPC", async () => {
    const running = await started({ BENTO_SERVER_DRAIN_TIMEOUT: "1s" });
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await post(running, "/echo?colour=red", '"a"', {
      "x-request-id": "allowed",
      traceparent: trace,
      "user-agent": 'x","decision":"deny',
    });
    await post(running, "/refuse", '"a"', { "x-request-id": "refused", traceparent: trace.replace("00-", "ff-") });
    await post(running, "/echo", "[", { "x-request-id": "broken" });
    const leaver = new AbortController();
    const held = post(running, "/hold", JSON.stringify(join(dir, "held")), { "x-request-id": "left" }).catch(
      () => "ended",
    );
    const left = fetch(`${running.url}/hold`, {
      method: "POST",
      body: JSON.stringify(join(dir, "begun")),
      headers: { "content-type": "application/json", "x-request-id": "gone" },
      signal: leaver.signal,
    }).catch(() => "left");
    await eventually(async () => statSync(join(dir, "begun")).isFile());
    leaver.abort();
    expect(await left).toBe("left");
    const client = scribe(running);
    expect((await client.call("Echo", [{ input: "b" }], { metadata: { "x-request-id": "g-allowed" } })).code).toBe(0);
    expect((await client.call("Refuse", [{ input: "b" }], { metadata: { "x-request-id": "g-refused" } })).code).toBe(7);

    const lines = await callsOf(6);
    const byId = new Map(lines.map((line) => [String(line["requestId"]), line]));
    expect([...byId.keys()].sort()).toEqual(["allowed", "broken", "g-allowed", "g-refused", "gone", "refused"]);
    expect(byId.get("allowed")).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      requestId: "allowed",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      protocol: "native",
      method: "POST",
      route: "/echo",
      queryNames: ["colour"],
      function: "echo",
      service: "scribe",
      version: "1.2.3",
      principal: "anonymous",
      issuer: null,
      authMethod: "anonymous",
      clientId: null,
      credentialId: null,
      peerIp: "127.0.0.1",
      clientIp: "127.0.0.1",
      userAgent: 'x","decision":"deny',
      decision: "allow",
      reason: null,
      rule: "default",
      status: 200,
      grpcCode: null,
      bytesIn: 3,
      bytesOut: 3,
      durationMs: expect.any(Number),
      level: "metadata",
    });
    expect(byId.get("refused")).toMatchObject({
      decision: "deny",
      reason: "PERMISSION_DENIED",
      status: 403,
      traceId: null,
    });
    expect(byId.get("broken")).toMatchObject({ decision: "error", reason: "INVALID_ARGUMENT", status: 400 });
    expect(byId.get("gone")).toMatchObject({ decision: "error", reason: "CANCELLED", status: 499, function: "hold" });
    expect(byId.get("g-allowed")).toMatchObject({ decision: "allow", grpcCode: 0, method: "gRPC", function: "echo" });
    expect(byId.get("g-refused")).toMatchObject({ decision: "deny", grpcCode: 7, status: 403 });
    await running.stop();
    await held;
  });

  it("names who called by which credential and rule, and never the credential, refused ones neither", async () => {
    const key = createKey("bento");
    const hostile = '{"a":1}\\n","decision":"allow';
    writeFileSync(
      join(dir, "keys.jsonl"),
      toKeyLine({
        id: key.id,
        sha256: key.sha256,
        owner: 'the "team"',
        groups: ["crew"],
        scopes: [],
        notBeforeMs: undefined,
        expiresMs: undefined,
        functions: undefined,
      }),
    );
    const running = await started({
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys.jsonl"),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: '{"echo":{"allow":[{"groups":["crew"]}]},"hold":{"allow":[]}}',
    });
    const wrong = `bento_${key.id}_${"S3cr3t".repeat(8)}`;
    const client = scribe(running);
    const sendAll = async (credential: Readonly<Record<string, string>>, path: string): Promise<void> => {
      await post(running, path, '"a"', { ...credential, cookie: `session=${key.text}`, "user-agent": hostile });
      await client.call("Echo", [{ input: "b" }], { metadata: credential });
    };
    await sendAll({ "x-api-key": key.text }, "/echo");
    await sendAll({ "x-api-key": wrong }, "/echo");
    await sendAll({}, `/echo?api_key=${key.text}`);
    await post(running, "/hold", '"a"', { "x-api-key": key.text });
    await post(running, "/nowhere", '"a"', { "x-api-key": wrong });

    const lines = await callsOf(8);
    const summary = lines.map(({ method, function: name, decision, reason, rule, principal, credentialId }) =>
      [method, name, decision, reason, rule, principal, credentialId].map(String).join(" "),
    );
    const name = `apikey:${key.id}`;
    expect(summary).toEqual([
      `POST echo allow null platform.allow[0] ${name} ${key.id}`,
      `gRPC echo allow null platform.allow[0] ${name} ${key.id}`,
      "POST echo deny invalid_credentials null null null",
      "gRPC echo deny invalid_credentials null null null",
      "POST echo deny missing_credentials null null null",
      "gRPC echo deny missing_credentials null null null",
      `POST hold deny policy_denied platform.allow ${name} ${key.id}`,
      "POST null deny invalid_credentials null null null",
    ]);
    const text = readFileSync(file, "utf8") + running.output();
    for (const secret of [key.text, key.text.split("_")[2] ?? "", wrong, "S3cr3t", key.sha256])
      expect(text).not.toContain(secret);

    // A worker that computes may be missing from a first scrape.
    const metrics = await eventually(async () => {
      const shown = await (await fetch(`${running.adminUrl}/metrics`)).text();
      return shown.includes("bento_auth_decisions_total{") ? shown : undefined;
    });
    const counted = metrics.split("\n").filter((line) => line.startsWith("bento_auth_decisions_total{"));
    expect(counted.sort()).toEqual([
      'bento_auth_decisions_total{method="apikey",decision="allow",reason="none"} 2',
      'bento_auth_decisions_total{method="apikey",decision="deny",reason="policy_denied"} 1',
      'bento_auth_decisions_total{method="none",decision="deny",reason="invalid_credentials"} 3',
      'bento_auth_decisions_total{method="none",decision="deny",reason="missing_credentials"} 2',
    ]);
  });

  it("is one line for each request that no route answers, without its path, and is asked for nothing by probes", async () => {
    const running = await started();
    const ids = (): readonly unknown[] =>
      calls().map(({ route, method, reason, status }) => [route, method, reason, status]);
    expect((await fetch(`${running.url}/SECRET-PATH?SECRET=1`)).status).toBe(404);
    expect((await fetch(`${running.url}/echo`)).status).toBe(405);
    expect(await sendBytes(running, "SECRET bytes\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendBytes(running, `GET /echo HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await sendBytes(running, "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendBytes(running, "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 405 /);
    expect((await fetch(`${running.url}/%zz`)).status).toBe(400);
    expect((await scribe(running).call("Nothing", [{ input: "SECRET" }])).code).toBe(12);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${running.url}/v2/health/ready`)).status).toBe(200);
    await callsOf(8);
    expect(ids()).toEqual([
      ["none", "GET", "NOT_FOUND", 404],
      ["none", "GET", "METHOD_NOT_ALLOWED", 405],
      ["none", "none", "INVALID_ARGUMENT", 400],
      ["none", "none", "HEADERS_TOO_LARGE", 431],
      ["none", "GET", "INVALID_ARGUMENT", 400],
      ["none", "CONNECT", "METHOD_NOT_ALLOWED", 405],
      ["none", "GET", "INVALID_ARGUMENT", 400],
      ["none", "gRPC", "UNIMPLEMENTED", 501],
    ]);
    expect(readFileSync(file, "utf8")).not.toContain("SECRET-PATH");
    expect(calls()[0]).toMatchObject({ queryNames: ["SECRET"], protocol: "http" });
    expect(calls().at(-1)).toMatchObject({ protocol: "grpc", grpcCode: 12 });
  });

  it("is one line for a call whose body can't be parsed as HTTP, not a second one for its connection", async () => {
    const running = await started();
    const head =
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    await sendBytes(running, `${head}zz\r\n`);
    await post(running, "/echo", '"a"', { "x-request-id": "after" });
    const lines = await callsOf(2);
    expect(lines.map(({ route, requestId }) => (requestId === "after" ? "after" : route))).toEqual(["/echo", "after"]);
  });

  it("holds probes where public routes are recorded, and answers them when they can't be", async () => {
    const running = await started({ BENTO_SECURITY_AUDIT_PUBLIC_ROUTES: "true" });
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${running.url}/v2/health/live`)).status).toBe(200);
    const health = track(grpcClient(running.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health"));
    expect((await health.call("Check", [{ service: "" }])).code).toBe(0);
    expect((await callsOf(3)).map(({ route, decision, principal }) => [route, decision, principal])).toEqual([
      ["/healthz", "allow", null],
      ["/v2/health/live", "allow", null],
      ["/grpc.health.v1.Health/Check", "allow", null],
    ]);
    await running.stop();
    const full = await started({
      BENTO_SECURITY_AUDIT_FILE: "/dev/full",
      BENTO_SECURITY_AUDIT_PUBLIC_ROUTES: "true",
      BENTO_SECURITY_AUDIT_MODE: "strict",
    });
    expect((await post(full, "/echo", '"a"')).status).toBe(503);
    expect((await fetch(`${full.url}/healthz`)).status).toBe(200);
  });

  it("tells of the start, and goes on in a new file after a rename and SIGHUP", async () => {
    const running = await started();
    expect(events()).toEqual([
      expect.objectContaining({
        event: "config_loaded",
        configSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        host: "127.0.0.1",
        workers: 1,
        auditMode: "drop",
      }),
    ]);
    await post(running, "/echo", '"a"', { "x-request-id": "before" });
    renameSync(file, `${file}.1`);
    running.child.kill("SIGHUP");
    // The file is there anew: the signal was obeyed by the process whose record it is, without any further call.
    await eventually(async () => statSync(file).isFile());
    await post(running, "/echo", '"a"', { "x-request-id": "after" });
    expect((await callsOf(1)).map(({ requestId }) => requestId)).toEqual(["after"]);
    expect(calls(`${file}.1`).map(({ requestId }) => requestId)).toEqual(["before"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("levels of audit", () => {
  const LEVELS = { BENTO_SECURITY_AUDIT_FUNCTIONS: '{"echo":"request","model":"bodyHash","refuse":"none"}' };
  const V2 = (data: readonly number[]): string =>
    JSON.stringify({ inputs: [{ name: "input", datatype: "FP32", shape: [data.length], data }] });

  it("add digest and body by function, on every protocol, and leave out functions without any", async () => {
    const running = await started(LEVELS);
    await post(running, "/echo", '"ä"');
    await post(running, "/refuse", '"a"');
    await post(running, "/hold", "1");
    await post(running, "/v2/models/model/infer", V2([1, 2]));
    await post(running, "/v1/models/model:predict", '{"instances":[1,2]}');
    const infer = track(grpcClient(running.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService"));
    const request = {
      model_name: "model",
      inputs: [{ name: "input", datatype: "FP32", shape: ["2"], contents: { fp32_contents: [1, 2] } }],
    };
    expect((await infer.call("ModelInfer", [request])).details).toBe("");
    expect((await scribe(running).call("Echo", [{ input: "b" }])).code).toBe(0);
    const lines = await callsOf(6);
    expect(lines.length).toBe(6);
    const [echo, hold, v2, v1, grpcV2, grpcEcho] = lines;
    expect(echo).toMatchObject({
      level: "request",
      bodySha256: sha256('"ä"'),
      bodyBytes: 4,
      body: '"ä"',
      bodyEncoding: "utf8",
    });
    expect(hold).toMatchObject({ level: "metadata", function: "hold" });
    expect(Object.keys(hold ?? {}).filter((name) => name.startsWith("body"))).toEqual([]);
    expect(v2).toMatchObject({ level: "bodyHash", bodySha256: sha256(V2([1, 2])), bodyBytes: V2([1, 2]).length });
    expect(v2).not.toHaveProperty("body");
    expect(v1).toMatchObject({ level: "bodyHash", bodySha256: sha256('{"instances":[1,2]}') });
    expect(grpcV2).toMatchObject({ level: "bodyHash", function: "model", bodyBytes: grpcV2?.["bytesIn"] });
    expect(grpcV2).not.toHaveProperty("body");
    // Field 1, wire type 2, one byte: the message as protobuf writes it.
    const message = Buffer.from("\n\u0001b");
    expect(grpcEcho).toMatchObject({ level: "request", bodySha256: sha256(message), body: "\n\u0001b", bodyBytes: 3 });
    expect(readFileSync(file, "utf8")).toContain(String.raw`"body":"\n\u0001b"`);
  });

  it("show a body up to 64 KiB, by its decompressed bytes, and what is no text as base64", async () => {
    const running = await started({ BENTO_SECURITY_AUDIT_LEVEL: "request" });
    const long = JSON.stringify("é".repeat(50_000));
    await post(running, "/echo", long);
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    await fetch(`${running.url}/echo`, {
      method: "POST",
      body: bytes,
      headers: { "content-type": "application/json" },
    });
    const { gzipSync } = await import("node:zlib");
    await fetch(`${running.url}/echo`, {
      method: "POST",
      body: gzipSync('"zipped"'),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
    const [first, second, third] = await callsOf(3);
    expect(first).toMatchObject({
      bodyBytes: 100_002,
      bodySha256: sha256(long),
      // 65,536 bytes end within a character of two bytes, behind the quote.
      body: `"${"é".repeat(32_767)}`,
      bodyTruncated: true,
    });
    expect(second).toMatchObject({ body: "Iv8i", bodyEncoding: "base64", status: 400 });
    expect(third).toMatchObject({ body: '"zipped"', bodySha256: sha256('"zipped"'), bodyBytes: 8 });
  });
});
