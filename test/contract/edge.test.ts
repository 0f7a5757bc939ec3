import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, type Context, service, t } from "@bento-ts/runtime";
import { bentoTs } from "../support/cli.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { root } from "../support/server-process.ts";
import { Contract } from "./service/service.ts";
import { grpcSurfaces } from "./surfaces/grpc.ts";
import { httpSurfaces } from "./surfaces/http.ts";
import type { CallOptions, Surface } from "./surfaces/surface.ts";

// What is decided before it is known who calls: security.md A9, notes 3 and 8, attacks B21, B22, B32, B33.
let dir = "";
let protoFile = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-edge-"));
  protoFile = join(dir, "contract.proto");
  await bentoTs(["proto", join(root, "test/contract/service/service.ts"), "-o", protoFile]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

type Reply = Readonly<Record<"status", number> & { headers: Readonly<Record<string, string>>; body: string }>;

/** Sends a request with any header, which `fetch` would not. */
function send(url: string, method = "GET", headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (reply) => {
      const parts: Buffer[] = [];
      reply.on("data", (part: Buffer) => parts.push(part));
      reply.on("end", () =>
        resolve({
          status: reply.statusCode ?? 0,
          headers: reply.headers as Record<string, string>,
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    sent.on("error", reject).end();
  });
}

interface Edge extends ListeningService {
  readonly surfaces: readonly Surface[];
  audit(): Promise<readonly Record<string, unknown>[]>;
}

async function open(env: Readonly<Record<string, string>>): Promise<Edge> {
  const file = join(dir, `${Object.keys(env).join("-").slice(0, 60)}.jsonl`);
  const server = await listen(Contract, { env: { ...env, BENTO_SECURITY_AUDIT_FILE: file } });
  const addresses = { ...server, protoFile };
  const surfaces = [...httpSurfaces(addresses), ...grpcSurfaces(addresses)];
  return {
    ...server,
    surfaces,
    audit: async () =>
      (await readFile(file, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    close: async () => {
      for (const surface of surfaces) surface.close();
      await server.close();
    },
  };
}

/** Status of a call on each surface, over HTTP and gRPC apart. */
async function statuses({ surfaces }: Edge, options: CallOptions = {}): Promise<Record<string, readonly number[]>> {
  const byTransport: Record<string, number[]> = { http: [], grpc: [] };
  for (const surface of surfaces) byTransport[surface.transport]?.push((await surface.call([[1, 2]], options)).status);
  return { http: [...new Set(byTransport["http"])], grpc: [...new Set(byTransport["grpc"])] };
}

const OK = { http: [200], grpc: [0] };
const DENIED = { http: [403], grpc: [7] };
const HEALTH = ["grpc/health/v1/health.proto", "grpc.health.v1.Health"] as const;

describe("a server that takes calls of some addresses", () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await open({
      BENTO_SECURITY_IP_FILTER_ALLOW: '["10.0.0.0/8"]',
      BENTO_SECURITY_IP_FILTER_DENY: '["10.66.0.0/16"]',
      BENTO_SECURITY_IP_FILTER_EXEMPT: '["healthz"]',
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
      BENTO_SERVER_CORS_ORIGINS: '["https://app.example.com"]',
    });
  });
  afterAll(() => edge.close());
  const from = (ip: string): CallOptions => ({ headers: { "x-forwarded-for": ip } });

  it("serves those that are allowed and refuses the others, over every protocol", async () => {
    expect(await statuses(edge, from("10.1.2.3"))).toEqual(OK);
    expect(await statuses(edge, from("10.66.2.3"))).toEqual(DENIED);
    expect(await statuses(edge, from("203.0.113.9, 192.0.2.1"))).toEqual(DENIED);
    expect(await statuses(edge)).toEqual(DENIED);
  });

  it("answers every other path and method in the same way, before it looks what is there", async () => {
    for (const path of [
      "/",
      "/nothing",
      "/docs",
      "/docs/",
      "/openapi.json",
      "/readyz",
      "/v2",
      "/v2/health/live",
      "/v1/models/x",
    ])
      for (const method of ["GET", "POST", "OPTIONS", "DELETE"])
        expect(await send(edge.url + path, method)).toMatchObject({ status: 403 });
    expect((await send(`${edge.url}/healthz`)).status).toBe(200);
  });

  it("refuses browsers' questions too, and lets pages read why", async () => {
    const asked = { origin: "https://app.example.com", "access-control-request-method": "POST" };
    const reply = await send(`${edge.url}/double`, "OPTIONS", asked);
    expect(reply).toMatchObject({
      status: 403,
      headers: { vary: "Origin", "access-control-allow-origin": "https://app.example.com" },
    });
    const allowed = await send(`${edge.url}/double`, "OPTIONS", { ...asked, "x-forwarded-for": "10.1.2.3" });
    expect(allowed.status).toBe(204);
  });

  it("refuses probes over gRPC that are not listed", async () => {
    const health = grpcClient(edge.grpcAddress, ...HEALTH);
    expect((await health.call("Check", [{ service: "" }])).code).toBe(7);
    health.close();
  });

  it("writes one audit line for each refusal, with its reason and no function", async () => {
    const before = (await edge.audit()).length;
    expect(await statuses(edge)).toEqual(DENIED);
    const lines = (await edge.audit()).slice(before);
    expect(lines.length).toBe(edge.surfaces.length);
    for (const [index, line] of lines.entries())
      expect(line).toMatchObject({ decision: "deny", protocol: edge.surfaces[index]?.protocol, clientIp: "127.0.0.1" });
  });
});

describe("an API that takes calls of some addresses", () => {
  it("refuses the others, over every protocol", async () => {
    const edge = await open({
      BENTO_SECURITY_IP_FILTER_FUNCTIONS: '{"double":{"allow":["10.0.0.0/8"]}}',
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    });
    expect(await statuses(edge)).toEqual(DENIED);
    expect(await statuses(edge, { headers: { "x-forwarded-for": "10.1.1.1" } })).toEqual(OK);
    expect((await send(`${edge.url}/v2`)).status).toBe(200);
    await edge.close();
  });
});

describe("a server behind a gateway with a secret header", () => {
  let edge: Edge;
  beforeAll(async () => {
    await writeFile(join(dir, "edge"), "s3cret\n");
    edge = await open({
      BENTO_SECURITY_EDGE_HEADER: JSON.stringify({ name: "X-Origin-Verify", value: { file: join(dir, "edge") } }),
    });
  });
  afterAll(() => edge.close());

  it("answers only calls that bring it, over every protocol", async () => {
    expect(await statuses(edge, { headers: { "x-origin-verify": "s3cret" } })).toEqual(OK);
    expect(await statuses(edge, { headers: { "x-origin-verify": "S3cret" } })).toEqual(DENIED);
    expect(await statuses(edge)).toEqual(DENIED);
  });

  it("answers probes without it, and nothing else", async () => {
    for (const path of ["/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"])
      expect((await send(edge.url + path)).status).toBe(200);
    for (const path of ["/docs", "/openapi.json", "/nothing", "/v2", "/v1/models/double"])
      expect((await send(edge.url + path)).status).toBe(403);
    const health = grpcClient(edge.grpcAddress, ...HEALTH);
    expect((await health.call("Check", [{ service: "" }])).code).toBe(0);
    health.close();
  });

  it("refuses it twice, also where one of them is right", async () => {
    const twice = { "x-origin-verify": ["s3cret", "x"] as unknown as string };
    expect((await send(`${edge.url}/v2`, "GET", twice)).status).toBe(403);
  });
});

const seen: { headers: Context["headers"] } = { headers: {} };

@service({ name: "headers" })
class Headers {
  @api({ input: t.Integer(), output: t.Integer() })
  look(value: number, ctx: Context): number {
    seen.headers = ctx.headers;
    return value;
  }
}

describe("what an author's method sees of a caller's headers", () => {
  const forged = {
    "x-forwarded-user": "admin",
    "x-forwarded-for": "10.0.0.1",
    "x-user": "admin",
    "x-auth-request-user": "admin",
    "x-forwarded-client-cert": "By=x;Subject=admin",
    "x-ssl-client-verify": "SUCCESS",
    "x-jwt-payload": "e30",
    "x-own": "kept",
    "x-edge": "s3cret",
  };
  const look = async (env: Readonly<Record<string, string>>): Promise<readonly (readonly string[])[]> => {
    const server = await listen(Headers, {
      env: { ...env, BENTO_SECURITY_EDGE_HEADER: '{"name":"x-edge","value":{"env":"EDGE"}}' },
    });
    const namesSeen: string[][] = [];
    const reply = await fetch(`${server.url}/look`, {
      method: "POST",
      body: "1",
      headers: { ...forged, "content-type": "application/json" },
    });
    expect(reply.status).toBe(200);
    namesSeen.push(Object.keys(seen.headers).filter((name) => Object.hasOwn(forged, name)));
    const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
    const bytes = { fp32_contents: [], bytes_contents: [Buffer.from("1")] };
    const end = await client.call(
      "ModelInfer",
      [{ model_name: "look", inputs: [{ name: "input", datatype: "BYTES", shape: [1], contents: bytes }] }],
      { metadata: forged },
    );
    expect(end).toMatchObject({ code: 0 });
    namesSeen.push(Object.keys(seen.headers).filter((name) => Object.hasOwn(forged, name)));
    client.close();
    await server.close();
    return namesSeen;
  };

  it("holds nothing that only a trusted proxy can vouch for, and never the gateway's secret", async () => {
    process.env["EDGE"] = "s3cret";
    expect(await look({})).toEqual([["x-own"], ["x-own"]]);
    const vouched = Object.keys(forged).filter((name) => name !== "x-edge");
    const [http = [], grpc = []] = await look({ BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]' });
    expect(http.toSorted()).toEqual(vouched.toSorted());
    expect(grpc.toSorted()).toEqual(vouched.toSorted());
    delete process.env["EDGE"];
  });
});

describe("pages of other sites", () => {
  const good = "https://app.example.com";
  const asked = (origin: string): Record<string, string> => ({ origin, "access-control-request-method": "POST" });
  const paths = [
    "/double",
    "/v2/models/double/infer",
    "/v1/models/double:predict",
    "/api/v1.0/predictions",
    "/healthz",
    "/docs/",
    "/openapi.json",
    "/nothing",
  ];
  let edge: Edge;
  let closed: Edge;
  beforeAll(async () => {
    edge = await open({ BENTO_SERVER_CORS_ORIGINS: `["${good}"]`, BENTO_SERVER_CORS_CREDENTIALS: "true" });
    closed = await open({ BENTO_SERVER_PORT: "0" });
  });
  afterAll(() => Promise.all([edge.close(), closed.close()]));

  it("may call where they are named: on every path, whatever the answer", async () => {
    for (const path of paths) {
      const question = await send(edge.url + path, "OPTIONS", asked(good));
      expect(question).toMatchObject({
        status: 204,
        body: "",
        headers: { vary: "Origin", "access-control-allow-origin": good, "access-control-allow-credentials": "true" },
      });
      for (const method of ["GET", "POST", "DELETE"]) {
        const { status, headers } = await send(edge.url + path, method, { origin: good });
        expect({ path, method, status, acao: headers["access-control-allow-origin"] }).toEqual({
          path,
          method,
          status,
          acao: good,
        });
        expect(headers["vary"]?.toLowerCase()).toContain("origin");
      }
    }
  });

  it.each([
    "https://evil.example",
    "null",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "http://app.example.com",
    "http://localhost",
    "*",
    "https://app.example.com:8443",
  ])("are told nothing where they are not: %s", async (origin) => {
    for (const path of paths) {
      for (const [method, headers] of [
        ["OPTIONS", asked(origin)],
        ["GET", { origin }],
        ["POST", { origin }],
      ] as const) {
        const reply = await send(edge.url + path, method, headers);
        expect(reply.headers).not.toHaveProperty("access-control-allow-origin");
        expect(reply.headers["vary"]?.toLowerCase()).toContain("origin");
      }
    }
  });

  it("may not call with their visitors' cookies unless they are named", async () => {
    const cookie = { cookie: "session=1" };
    const evil = await send(`${edge.url}/v2`, "GET", { ...cookie, origin: "https://evil.example" });
    expect(evil.status).toBe(403);
    expect((await send(`${edge.url}/v2`, "GET", { ...cookie, "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await send(`${edge.url}/v2`, "GET", { ...cookie, origin: good })).status).toBe(200);
    expect((await send(`${edge.url}/v2`, "GET", cookie)).status).toBe(200);
  });

  it("get no word without configuration, and OPTIONS is never answered with success", async () => {
    for (const path of paths) {
      const question = await send(closed.url + path, "OPTIONS", asked(good));
      expect([404, 405]).toContain(question.status);
      const reply = await send(closed.url + path, "GET", { origin: good });
      for (const { headers } of [question, reply]) {
        expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
        expect(headers["vary"] ?? "").not.toMatch(/origin/i);
      }
    }
    for (const path of paths)
      expect([404, 405]).toContain((await send(edge.url + path, "OPTIONS", { origin: good })).status);
  });

  it("meet no method that nobody serves", async () => {
    for (const method of ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "SEARCH", "LOCK", "MERGE", "OPTIONS"])
      for (const path of paths) expect((await send(closed.url + path, method)).status).toBeGreaterThanOrEqual(400);
  });
});

describe("every answer over HTTP", () => {
  let edge: Edge;
  beforeAll(async () => {
    await writeFile(join(dir, "keys"), "");
    edge = await open({
      BENTO_SERVER_LIMITS_JSON: "1KiB",
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
      BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_IP_FILTER_DENY: '["203.0.113.0/24"]',
      BENTO_SECURITY_RATE_LIMITS: '[{"rate":2,"window":"24h","per":"principal"}]',
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: '{"rate":1,"per":"1h"}',
    });
  });
  afterAll(() => edge.close());
  const call = (
    headers: Readonly<Record<string, string>> = {},
    body = "[[1,2]]",
    path = "/double",
    method = "POST",
  ): Promise<Response> =>
    fetch(edge.url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method === "POST" ? { body } : {}),
    });
  const from = (ip: string): Record<string, string> => ({ "x-forwarded-for": ip });
  const badKey = { "x-api-key": `bento_nobody_${"0".repeat(43)}` };

  it.each([
    ["a result", 200, () => call(from("198.51.100.1"))],
    ["bad input", 400, () => call(from("198.51.100.1"), "[[")],
    ["a bad credential", 401, () => call({ ...from("198.51.100.2"), ...badKey })],
    ["an address that may not call", 403, () => call(from("203.0.113.9"))],
    ["nothing there", 404, () => call(from("198.51.100.3"), "", "/nothing")],
    ["a method that is not taken", 405, () => call(from("198.51.100.3"), "", "/double", "PUT")],
    ["a body that is too long", 413, () => call(from("198.51.100.4"), `[${"[1,2],".repeat(300)}[1,2]]`)],
    ["too many tries", 429, () => call({ ...from("198.51.100.2"), ...badKey })],
    ["too many calls", 429, () => call(from("198.51.100.1"))],
    ["headers that are too long", 431, () => call({ "x-long": "a".repeat(33_000) })],
  ])("has the headers of security and none that names the program: %s", async (_what, status, send) => {
    const { status: got, headers } = await send();
    expect(got).toBe(status);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    for (const name of ["server", "x-powered-by", "strict-transport-security"]) expect(headers.has(name)).toBe(false);
    if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  it("of a server that is not ready has them too", async () => {
    edge.state.set({ phase: "serving", ready: false, workers: [] });
    const { status, headers } = await call({}, "", "/readyz", "GET");
    expect([status, headers.get("x-content-type-options"), headers.has("server")]).toEqual([503, "nosniff", false]);
    edge.state.set({ phase: "serving", ready: true, workers: [] });
  });
});

describe("keys of JSON that would reach into every object (31)", () => {
  it("are refused by every protocol", async () => {
    const edge = await open({ BENTO_SERVER_GRPC_PORT: "0" });
    const json = edge.surfaces.filter(({ transport, name }) => transport === "http" && !/binary|form/.test(name));
    expect(json.length).toBeGreaterThanOrEqual(5);
    for (const surface of json) {
      for (const key of ["__proto__", "constructor", "\\u005f_proto__"]) {
        const body = `{"inputs":[{"${key}":{"polluted":1}}],"instances":[{"${key}":{"polluted":1}}],"data":{"${key}":{"polluted":1}},"${key}":{"polluted":1}}`;
        const { status } = await surface.sendBytes(Buffer.from(body));
        expect([surface.name, key, status]).toEqual([surface.name, key, 400]);
      }
    }
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    await edge.close();
  });
});
