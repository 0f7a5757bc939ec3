import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TlsOptions } from "node:tls";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, type CommandResult } from "../support/run-command.ts";
import { serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const authority = createAuthority();
const dir = mkdtempSync(join(tmpdir(), "bento-doctor-"));
const CA = join(dir, "ca.pem");
writeFileSync(CA, authority.ca);
afterAll(() => rmSync(dir, { recursive: true }));

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const SERVICE = `
import { defineApi, serviceClass, t } from "@bento-ts/runtime";
const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
export default serviceClass({ name: "ruled" }, class {
  team = defineApi({ ...types, authorize: { allow: [{ groups: ["ml"] }] } }, async ({ n }) => n);
  open = defineApi({ ...types, authorize: "public" }, async ({ n }) => n);
});`;

interface Check {
  readonly check: string;
  readonly about: string;
  readonly level: string;
  readonly message: string;
  readonly items?: readonly string[];
}

async function started(
  { days = 365, env = {} }: { readonly days?: number; readonly env?: Readonly<Record<string, string>> } = {},
  names = "DNS:localhost,IP:127.0.0.1",
): Promise<ServerProcess & { readonly dir: string; readonly url: string }> {
  const { cert, key } = authority.issue("localhost", { san: names, days });
  const files = { "service.js": SERVICE, "tls/tls.crt": cert, "tls/tls.key": key, keys: "" };
  const place = project(files);
  const flags = ["--grpc-port", "0", "--workers", "1"];
  const tls = { BENTO_SERVER_TLS_SECRET_DIR: join(place, "tls") };
  const server = await serve(place, { flags, env: { ...tls, ...env } });
  servers.push(server);
  return { ...server, dir: place, url: server.url.replace("127.0.0.1", "localhost") };
}

const keysOf = (place: string): Record<string, string> => ({ BENTO_SECURITY_API_KEYS_FILE: join(place, "keys") });

async function doctor(...args: readonly string[]): Promise<CommandResult & { readonly checks: readonly Check[] }> {
  const told = await bentoTs(["doctor", ...args, "--json"]);
  return { ...told, checks: told.stdout === "" ? [] : (JSON.parse(told.stdout) as Check[]) };
}

const rowsOf = (checks: readonly Check[]): readonly string[] => checks.map(({ level, check }) => `${level} ${check}`);
const of = (checks: readonly Check[], check: string): Check => {
  const found = checks.find((one) => one.check === check);
  if (found === undefined) throw new Error(`no check ${check}`);
  return found;
};

/** Listens on a free loopback port until the test ends. */
async function listening(server: Pick<Server, "listen" | "address" | "close">): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A foreign HTTPS server with some answer. */
async function foreign(pair: TlsOptions, headers: Record<string, string> = {}, status = 200): Promise<string> {
  const server = createTlsServer(pair, (_, response) => response.writeHead(status, headers).end("{}"));
  closers.push(() => server.closeAllConnections());
  return `https://localhost:${await listening(server)}`;
}

describe("bento-ts doctor --url", () => {
  it("finds nothing wrong with a server that is secured, whether its service is known or not", async () => {
    const keys = project({ keys: "" });
    const server = await started({ env: keysOf(keys) });
    const flags = ["--url", server.url, "--grpc", server.grpcAddress.replace("127.0.0.1", "localhost"), "--ca", CA];
    const known = await doctor(...flags);
    const expected = ["dns", "connect", "chain", "names", "expiry", "protocols", "suites", "alpn", "plain"];
    expect(rowsOf(known.checks)).toEqual([
      ...expected.map((check) => `ok ${check}`),
      "ok headers",
      "ok unknown path",
      "ok routes",
      ...expected.map((check) => `ok ${check}`),
      "ok routes",
    ]);
    expect([known.code, known.stderr]).toEqual([0, ""]);
    const config = join(server.dir, "platform.yaml");
    writeFileSync(config, `security: { apiKeys: { file: ${keys}/keys } }\n`);
    const target = await doctor(server.dir, "--config", config, ...flags);
    expect([target.code, rowsOf(target.checks)]).toEqual([0, rowsOf(known.checks)]);
    expect(of(target.checks, "routes").message).toMatch(
      /^(\d+) of \1 routes asked for without a credential: \d+ refused, 4 answered, 0 not there$/,
    );
    const human = await bentoTs(["doctor", ...flags]);
    expect(human.stdout).toMatch(/^https:\/\/localhost:\d+\n {2}ok +dns +localhost is /);
    expect(human.stdout).toMatch(/\n0 problems, 0 warnings\n$/);
  });

  it("names each route that answers without credentials, over REST and gRPC", async () => {
    const server = await started();
    const { code, checks } = await doctor("--url", server.url, "--grpc", server.grpcAddress, "--ca", CA);
    expect(code).toBe(1);
    const open = checks.filter(({ level, check }) => level === "problem" && check === "routes");
    expect(open.map(({ message }) => message.replace(/^\d+/, "n"))).toEqual(
      Array(2).fill("n routes answer without credentials that should not"),
    );
    expect(open[0]?.items).toEqual(
      expect.arrayContaining(["GET /v2: HTTP 200", "GET /openapi.json: HTTP 200", "GET /v1/models: HTTP 200"]),
    );
    expect(open[1]?.items).toEqual(
      expect.arrayContaining([
        "/inference.GRPCInferenceService/ModelInfer: gRPC 3",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo: gRPC 0",
      ]),
    );
    expect(of(checks, "unknown path")).toMatchObject({
      level: "warning",
      message: expect.stringContaining("HTTP 404"),
    });
  });

  it("compares with what the service's own configuration opens", async () => {
    const keys = project({ keys: "" });
    const opened = { BENTO_SECURITY_AUTHOR_OVERRIDABLE: '["public"]', BENTO_SECURITY_PUBLIC: '["docs"]' };
    const server = await started({ env: { ...keysOf(keys), ...opened } });
    const config = join(server.dir, "platform.yaml");
    const flags = ["--config", config, "--url", server.url, "--grpc", server.grpcAddress, "--ca", CA];
    const secured = `apiKeys: { file: ${keys}/keys }`;
    writeFileSync(config, `security: { ${secured}, authorOverridable: [public], public: [docs] }\n`);
    const same = await doctor(server.dir, ...flags);
    expect(same.checks.filter(({ level }) => level === "problem" || level === "warning")).toEqual([]);
    writeFileSync(config, `security: { ${secured}, public: [metadata] }\n`);
    const { code, checks } = await doctor(server.dir, ...flags);
    expect(code).toBe(1);
    const rest = checks.filter(({ check, about }) => check === "routes" && about.startsWith("https"));
    expect(rest.find(({ level }) => level === "problem")?.items).toEqual([
      "POST /open: HTTP 400",
      "GET /openapi.json: HTTP 200",
      "GET /docs/static/swagger-ui.css: HTTP 200",
    ]);
    expect(rest.find(({ level }) => level === "warning")?.items).toEqual(expect.arrayContaining(["GET /v2: HTTP 401"]));
  });

  it("takes a server that ends connections without a client certificate for closed", async () => {
    const clients = createAuthority("clients");
    const { cert, key } = authority.issue("localhost", { san: "DNS:localhost,IP:127.0.0.1" });
    const place = project({ "service.js": SERVICE, "tls/tls.crt": cert, "tls/tls.key": key, "tls/ca.crt": clients.ca });
    const env = { BENTO_SERVER_TLS_SECRET_DIR: join(place, "tls"), BENTO_SERVER_TLS_CLIENT_AUTH: "require" };
    const server = await serve(place, { flags: ["--grpc-port", "0", "--workers", "1"], env });
    servers.push(server);
    const { code, checks } = await doctor("--url", server.url, "--grpc", server.grpcAddress, "--ca", CA);
    expect([code, checks.filter(({ level }) => level === "problem" || level === "warning")]).toEqual([0, []]);
    const routes = checks.filter(({ check }) => check === "routes").map(({ message }) => message);
    for (const message of routes)
      expect(message).toMatch(/^(\d+) of \1 routes .*: \1 refused, 0 answered, 0 not there$/);
    expect(routes).toHaveLength(2);
    expect(of(checks, "headers").message).toBe("connections without a client certificate are ended at once");
  });

  it("tells chain, names and dates apart", async () => {
    const pairs = {
      other: authority.issue("other", { san: "DNS:other.example" }),
      nameless: authority.issue("localhost", { san: undefined }),
      stranger: createAuthority("stranger").issue("localhost"),
      ended: authority.issue("localhost", { days: -1 }),
      soon: authority.issue("localhost", { days: 20 }),
      incomplete: createAuthority("root").intermediate("middle").issue("localhost"),
    };
    const told: Record<string, readonly string[]> = {};
    for (const [name, pair] of Object.entries(pairs)) {
      const { checks } = await doctor("--url", await foreign(pair, {}, 401), "--ca", CA);
      const looked = ["chain", "names", "expiry"].map((check) => of(checks, check));
      told[name] = looked.map(({ level, message }) => (level === "ok" ? level : `${level}: ${message}`));
    }
    const ok = "ok";
    expect(told).toEqual({
      other: [ok, "problem: the certificate is not for localhost: it names DNS:other.example", ok],
      nameless: [ok, "problem: the certificate names no host (subjectAltName)", ok],
      stranger: [expect.stringMatching(/^problem: the chain does not lead to an authority of --ca: /), ok, ok],
      ended: [
        "skipped: a certificate of the chain is out of its dates",
        ok,
        expect.stringMatching(/^problem: localhost has expired on 20/),
      ],
      soon: [ok, ok, expect.stringMatching(/^warning: localhost ends in (19|20) days, on 20/)],
      incomplete: [expect.stringMatching(/^problem: the chain does not lead to an authority of --ca: /), ok, ok],
    });
    const unknown = await doctor("--url", await foreign(pairs.soon, {}, 401));
    expect(of(unknown.checks, "chain").message).toContain("does not lead to an authority that Node knows");
  });

  it("finds old versions, weak suites and a gRPC port without HTTP/2", async () => {
    const pair = authority.issue("localhost");
    const old = { ...pair, minVersion: "TLSv1", maxVersion: "TLSv1.2", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    const url = await foreign(old, {}, 401);
    const { code, checks } = await doctor("--url", url, "--grpc", new URL(url).host, "--ca", CA);
    expect(code).toBe(1);
    expect(of(checks, "protocols")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("TLSv1.1 is taken"),
    });
    expect(of(checks, "suites")).toMatchObject({ level: "warning" });
    const alpn = checks.filter(({ check }) => check === "alpn");
    expect(alpn.map(({ level }) => level)).toEqual(["ok", "problem"]);
  });

  it("sends no credential and no input, follows no redirect, and asks a silent server no more", async () => {
    const seen: string[] = [];
    const server = createSecureServer({ ...authority.issue("localhost"), allowHTTP1: true }, (request, response) => {
      seen.push(JSON.stringify([request.method, request.headers]));
      let bytes = 0;
      request.on("data", (piece: Buffer) => (bytes += piece.length));
      request.on("end", () => bytes > 0 && seen.push(`body of ${request.url}`));
      response.writeHead(302, { location: "https://login.example/" }).end();
    });
    const port = await listening(server as unknown as Server);
    const { checks } = await doctor(
      "--url",
      `https://localhost:${port}/prefix`,
      "--grpc",
      `localhost:${port}`,
      "--ca",
      CA,
    );
    expect(seen.length).toBeGreaterThan(50);
    for (const line of seen) expect(line).not.toMatch(/authorization|cookie|api-key|^body/i);
    expect(seen.filter((line) => line.includes('"GET"')).length).toBeGreaterThan(20);
    expect(of(checks, "routes")).toMatchObject({
      level: "warning",
      message: expect.stringContaining("sent elsewhere, none asks"),
    });
    const silent = createPlainServer((request) => request.socket.destroy());
    const cut = await doctor("--url", `http://127.0.0.1:${await listening(silent)}`);
    expect(cut.code).toBe(1);
    const unclear = cut.checks.find(({ check, level }) => check === "routes" && level === "warning");
    expect(unclear?.message).toBe("3 routes gave no clear answer");
  });

  it("tells a name without address, a closed port, and connections that are not secured", async () => {
    const nowhere = await doctor("--url", "https://nowhere.invalid");
    expect([nowhere.code, rowsOf(nowhere.checks)]).toEqual([1, ["problem dns", "skipped routes"]]);
    const closed = createPlainServer();
    const port = await listening(closed);
    closed.close();
    const { checks } = await doctor("--url", `https://127.0.0.1:${port}`);
    expect(rowsOf(checks)).toEqual(["skipped dns", "problem connect", "skipped routes"]);
    expect(of(checks, "connect").items).toEqual(["127.0.0.1: the connection is refused (ECONNREFUSED)"]);
    const plain = createPlainServer((_, response) =>
      response.writeHead(401, { server: "x/1.2", "x-powered-by": "y" }).end(),
    );
    const told = await doctor("--url", `http://127.0.0.1:${await listening(plain)}`);
    expect(of(told.checks, "protocols")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("not secured"),
    });
    expect(of(told.checks, "headers").items).toEqual(
      expect.arrayContaining(["GET /healthz: expected no x-powered-by", "GET /unknown: expected no version in server"]),
    );
  });

  it("ends with 2 for what can't be meant", async () => {
    const rows = [
      ["--url", "localhost:3000"],
      ["--url", "https://user:secret@localhost"],
      ["--url", "https://localhost", "--grpc", "localhost"],
      ["--url", "https://localhost", "--ca", join(dir, "none")],
      ["--grpc", "localhost:3001"],
    ];
    for (const row of rows) {
      const { code, stdout, stderr } = await doctor(...row);
      expect([row, code, stdout]).toEqual([row, 2, ""]);
      expect(stderr).not.toContain("secret");
    }
  });
});
