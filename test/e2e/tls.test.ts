import { spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { request } from "node:https";
import { type AddressInfo, connect as plainConnect, createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { text } from "node:stream/consumers";
import { credentials } from "@grpc/grpc-js";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import type { TlsPair } from "../../packages/runtime/src/transports/tls/tls-pair.ts";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { mountSecret, swapSecret } from "../support/mounted-secret.ts";
import { describeWith } from "../support/needs.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, makeProject, put } from "../support/run-command.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "crew", version: "1.0.0" })
export class Crew {
  @api({ input: t.String(), output: t.Integer() })
  pid() { return process.pid; }
  @api({ input: t.String(), output: t.String() })
  who(_, { principal: { name, method, credentialId } }) { return [method, name, credentialId].join(" "); }
}`;
const PROTO = `syntax = "proto3";
package bento.crew.v1;
service Crew { rpc Pid(Word) returns (Pid_); rpc Who(Word) returns (Who_); }
message Word { optional string input = 1; }
message Who_ { string output = 1; }
message Pid_ { int64 output = 1; }`;

const authority = createAuthority();
const NAMES = "DNS:localhost,IP:127.0.0.1";
const issue = (): TlsPair => authority.issue("localhost", { san: NAMES });
const pair = issue();
const caDir = makeProject({ "ca.crt": authority.ca });
const CA_FILE = join(caDir, "ca.crt");
afterAll(() => rmSync(caDir, { recursive: true }));

const { project, servers } = useProjects();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A project with a service and a folder `tls` that holds a pair, as Kubernetes mounts it. */
function secured(files: Readonly<Record<string, string>> = {}): string {
  const dir = project({ "service.ts": SERVICE, "crew.proto": PROTO, ...files });
  mountSecret(join(dir, "tls"), toFiles(pair));
  return dir;
}

/** Swaps the pair of a project, and whom it trusts. */
function mount(dir: string, next: TlsPair, ca?: string): void {
  swapSecret(join(dir, "tls"), toFiles(next, ca));
}

function toFiles({ cert, key }: TlsPair, ca = authority.ca): Record<string, string> {
  return { "tls.crt": cert, "tls.key": key, "ca.crt": ca };
}

interface Started extends ServerProcess {
  readonly port: number;
}

async function start(
  dir: string,
  options: { flags?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Started> {
  const { flags = ["--grpc-port", "0"], env = {} } = options;
  const server = await serve(join(dir, "service.ts"), {
    flags: ["--workers", "2", ...flags],
    env: { BENTO_SERVER_TLS_SECRET_DIR: join(dir, "tls"), ...env },
  });
  servers.push(server);
  return { ...server, port: Number(new URL(server.url).port) };
}

/** Runs curl; standard output, or the error with its exit code. */
function curl(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync("curl", ["-sS", "--max-time", "20", ...args], { encoding: "utf8" });
  return status === 0 ? stdout : `exit ${status}: ${stderr}`;
}

const CALL = [
  "--cacert",
  CA_FILE,
  "-H",
  "content-type: application/json",
  "-d",
  '"x"',
  "-w",
  " %{http_version} %{http_code}",
];

/** Addresses are no server names (RFC 6066, section 3). */
const SNI = { "grpc.ssl_target_name_override": "localhost" };

function crew(dir: string, address: string, own?: TlsPair): GrpcTestClient {
  const [key, cert] = own === undefined ? [null, null] : [Buffer.from(own.key), Buffer.from(own.cert)];
  const security = credentials.createSsl(Buffer.from(authority.ca), key, cert);
  const client = grpcClient(
    address,
    join(dir, "crew.proto"),
    "bento.crew.v1.Crew",
    { "grpc.use_local_subchannel_pool": 1, ...SNI },
    security,
  );
  closers.push(() => client.close());
  return client;
}

/** Serial number of the certificate that a new connection to a port meets. */
async function serialOf(port: number, ALPNProtocols: readonly string[]): Promise<string> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: authority.ca,
    ALPNProtocols: [...ALPNProtocols],
  });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a server with TLS", () => {
  it("answers REST and gRPC through it, by HTTP/1.1 and HTTP/2 alone, and says https", async () => {
    const dir = secured();
    const server = await start(dir);
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(curl(...CALL, "--http2", `${server.url}/pid`)).toMatch(/^\d+ 1\.1 200$/);
    const client = crew(dir, server.grpcAddress);
    expect(await client.call("Pid", [{ input: "x" }])).toMatchObject({ code: 0 });
    expect(
      curl(
        "--cacert",
        CA_FILE,
        "-o",
        "/dev/null",
        "-w",
        "%{http_version}",
        "--http2",
        `https://${server.grpcAddress}/`,
      ),
    ).toBe("2");
    expect(await (await fetch(`${server.adminUrl}/healthz`)).json()).toEqual({ live: true });
    const idle = connect({ port: server.port, host: "127.0.0.1", servername: "localhost", ca: authority.ca });
    await once(idle, "secureConnect");
    idle.on("error", () => undefined).resume();
    const silent = plainConnect(server.port, "127.0.0.1")
      .on("error", () => undefined)
      .resume();
    await once(silent, "connect");
    expect(await server.stop()).toBe(0);
  });

  it("tells REST from gRPC on one port, a client of both being given REST", async () => {
    const dir = secured();
    const port = await freePort();
    const server = await start(dir, { flags: ["--port", String(port), "--grpc-port", String(port)] });
    expect(curl(...CALL, "--http2", `${server.url}/pid`)).toMatch(/^\d+ 1\.1 200$/);
    expect(curl(...CALL, "--no-alpn", `${server.url}/pid`)).toMatch(/^\d+ 1\.1 200$/);
    expect(await crew(dir, server.grpcAddress).call("Pid", [{ input: "x" }])).toMatchObject({ code: 0 });
  });

  it("speaks neither TLS 1.0 nor 1.1 nor plain HTTP, on both ports", async () => {
    const server = await start(secured());
    const grpcPort = Number(server.grpcAddress.split(":")[1]);
    for (const port of [server.port, grpcPort]) {
      for (const old of ["-tls1", "-tls1_1"]) {
        const { status, stdout, stderr } = spawnSync(
          "openssl",
          ["s_client", "-connect", `127.0.0.1:${port}`, old, "-cipher", "DEFAULT@SECLEVEL=0"],
          { encoding: "utf8", input: "GET / HTTP/1.1\r\n\r\n", timeout: 20_000 },
        );
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/alert protocol version/);
        expect(stdout).toContain("no peer certificate available");
      }
      const plain = plainConnect(port, "127.0.0.1").on("error", () => undefined);
      plain.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
      expect(await text(plain)).not.toMatch(/HTTP|live/);
    }
    expect(await serialOf(server.port, [])).toEqual(expect.any(String));
  });

  it("does not start with a pair that is broken, and names each fault by its key", async () => {
    const dir = secured();
    mount(dir, { cert: pair.cert, key: issue().key });
    const env = { BENTO_SERVER_TLS_CNAME: "boston.example", BENTO_SERVER_TLS_SECRET_DIR: join(dir, "tls") };
    const { status, stderr } = spawnSync(
      process.execPath,
      [`${root}packages/cli/dist/bin.js`, "serve", join(dir, "service.ts"), "--port", "0", "--admin-port", "0"],
      { encoding: "utf8", env: { ...process.env, ...env } },
    );
    expect(status).toBe(78);
    expect(stderr).toContain("the configuration is refused, 2 problems:");
    expect(stderr).toMatch(/server\.tls\.secretDir: .*tls\.key: the key is not the certificate's/);
    expect(stderr).toMatch(/server\.tls\.secretDir: .*tls\.crt is not for boston\.example/);
  });

  it("asks callers for certificates on both transports, and ends connections that a new bundle does not trust", async () => {
    const dir = secured();
    const clients = createAuthority("clients");
    mount(dir, pair, clients.ca);
    const server = await start(dir, { env: { BENTO_SERVER_TLS_CLIENT_AUTH: "require" } });
    const own = clients.issue("svc", { usage: "clientAuth", san: "URI:spiffe://td/svc" });
    const stranger = createAuthority("clients").issue("svc", { usage: "clientAuth", san: "URI:spiffe://td/svc" });
    put(dir, { "own.crt": own.cert, "own.key": own.key, "stranger.crt": stranger.cert, "stranger.key": stranger.key });
    const withPair = (name: string): readonly string[] => [
      "--cert",
      join(dir, `${name}.crt`),
      "--key",
      join(dir, `${name}.key`),
    ];
    expect(curl(...CALL, ...withPair("own"), `${server.url}/pid`)).toMatch(/ 200$/);
    expect(curl(...CALL, `${server.url}/pid`)).toMatch(/^exit (35|52|56)/);
    expect(curl(...CALL, ...withPair("stranger"), `${server.url}/healthz`)).toMatch(/^exit (35|52|56)/);
    expect(await crew(dir, server.grpcAddress).call("Pid", [{ input: "x" }])).toMatchObject({ code: 14 });
    expect(await crew(dir, server.grpcAddress, stranger).call("Pid", [{ input: "x" }])).toMatchObject({ code: 14 });
    const client = crew(dir, server.grpcAddress, own);
    expect(await client.call("Pid", [{ input: "x" }])).toMatchObject({ code: 0 });
    mount(dir, pair, createAuthority("clients").ca);
    server.child.kill("SIGHUP");
    await eventually(async () => ((await client.call("Pid", [{ input: "x" }])).code === 14 ? true : undefined));
  });
});

describe("a server that asks for certificates", () => {
  const clients = createAuthority("clients");
  const fingerprintOf = ({ cert }: TlsPair): string =>
    new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
  const own = clients.issue("svc", { usage: "clientAuth", san: "URI:spiffe://td/svc" });
  const named = clients.issue("svc", { usage: "clientAuth", san: "DNS:svc.example" });
  const bad = {
    "of a rogue authority": createAuthority("clients").issue("svc", {
      usage: "clientAuth",
      san: "URI:spiffe://td/svc",
    }),
    "that has expired": clients.issue("svc", { usage: "clientAuth", days: -1 }),
    "for servers": clients.issue("svc", { usage: "serverAuth" }),
    "with two SPIFFE IDs": clients.issue("svc", { usage: "clientAuth", san: "URI:spiffe://td/svc,URI:spiffe://td/b" }),
  };
  const KEY = { id: "k1", secret: "A".repeat(43) };

  async function asking(): Promise<{ dir: string; server: Started }> {
    const dir = secured();
    mount(dir, pair, clients.ca);
    const sha256 = createHash("sha256").update(`bento_${KEY.id}_${KEY.secret}`).digest("hex");
    put(dir, { "keys.jsonl": JSON.stringify({ id: KEY.id, sha256, owner: "a" }) });
    const env = { BENTO_SERVER_TLS_CLIENT_AUTH: "request", BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys.jsonl") };
    return { dir, server: await start(dir, { env }) };
  }

  /** The status over REST and over gRPC, and what was answered. */
  async function who(
    { dir, server }: { dir: string; server: Started },
    certificate?: TlsPair,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly [number, number, string, string]> {
    const answer = await new Promise<readonly [number, string]>((resolve, reject) => {
      const call = request(
        {
          port: server.port,
          host: "127.0.0.1",
          servername: "localhost",
          ca: authority.ca,
          agent: false,
          ...certificate,
          method: "POST",
          path: "/who",
          headers: { ...headers, "content-type": "application/json" },
        },
        (response) => void text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject),
      );
      call.once("error", reject).end('"x"');
    });
    const over = await crew(dir, server.grpcAddress, certificate).call<{ output: string }>("Who", [{ input: "x" }], {
      metadata: headers,
    });
    return [answer[0], over.code, answer[1], over.messages[0]?.output ?? over.details];
  }

  it("knows callers by them over REST and gRPC alike, and asks for credentials where there are none", async () => {
    const place = await asking();
    const svid = `spiffe spiffe://td/svc ${fingerprintOf(own)}`;
    expect(await who(place, own)).toEqual([200, 0, JSON.stringify(svid), svid]);
    const dns = `mtls svc.example ${fingerprintOf(named)}`;
    expect(await who(place, named)).toEqual([200, 0, JSON.stringify(dns), dns]);
    expect((await who(place)).slice(0, 2)).toEqual([401, 16]);
  });

  it("lets what a request shows for itself go over the certificate of its connection", async () => {
    const place = await asking();
    const key = { "x-api-key": `bento_${KEY.id}_${KEY.secret}` };
    const [status, code, body] = await who(place, own, key);
    expect([status, code]).toEqual([200, 0]);
    expect(body).toContain("apikey apikey:k1");
  });

  it("refuses one that does not count, also beside a good key, and tells nothing of why", async () => {
    const place = await asking();
    const key = { "x-api-key": `bento_${KEY.id}_${KEY.secret}` };
    expect((await who(place, undefined, key)).slice(0, 2)).toEqual([200, 0]);
    for (const certificate of Object.values(bad)) {
      for (const headers of [{}, key]) {
        const [status, code, body, details] = await who(place, certificate, headers);
        expect([status, code]).toEqual([401, 16]);
        expect(body + details).not.toMatch(/SIGNED|EXPIRED|NOT_FOR|spiffe|issuer/i);
      }
    }
  });

  it("takes no word of a caller for a certificate that a proxy has seen", async () => {
    const place = await asking();
    const forged = {
      "x-forwarded-client-cert": `URI=spiffe://td/svc;Hash=${fingerprintOf(own)}`,
      "x-ssl-client-verify": "SUCCESS",
    };
    expect((await who(place, undefined, forged)).slice(0, 2)).toEqual([401, 16]);
  });
});

describe("bento-ts serve --dev-tls", () => {
  it("answers with a certificate for this machine, and says whom callers need to trust", async () => {
    const dir = project({ "service.ts": SERVICE, "crew.proto": PROTO });
    const env = { BENTO_HOME: join(dir, "home") };
    const server = await serve(join(dir, "service.ts"), { flags: ["--dev-tls", "--grpc-port", "0"], env });
    servers.push(server);
    const ca = join(dir, "home/dev-tls/ca.pem");
    expect(server.output()).toContain(`callers need ${ca} (curl --cacert)`);
    const { port } = new URL(server.url);
    for (const host of ["127.0.0.1", "localhost"])
      expect(JSON.parse(curl("--cacert", ca, `https://${host}:${port}/healthz`))).toEqual({ live: true });
    expect(curl(`${server.url}/healthz`)).toMatch(/^exit 60/);
    const security = credentials.createSsl(readFileSync(ca));
    const client = grpcClient(server.grpcAddress, join(dir, "crew.proto"), "bento.crew.v1.Crew", SNI, security);
    closers.push(() => client.close());
    expect(await client.call("Pid", [{ input: "x" }])).toMatchObject({ code: 0 });
  });

  it("is refused for an address that others reach", async () => {
    const dir = project({ "service.ts": SERVICE });
    const args = ["serve", join(dir, "service.ts"), "--dev-tls", "--host", "0.0.0.0", "--public"];
    const { code, stderr } = await bentoTs(args, { env: { BENTO_HOME: join(dir, "home") } });
    expect(code).toBe(78);
    expect(stderr).toContain("--dev-tls is for this machine alone, and 0.0.0.0 is reached by others");
  });
});

/** A pair on RSA, with which old suites would work. */
function rsaPair(): TlsPair {
  const dir = project({});
  const args = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=localhost",
    "-keyout",
    "key",
    "-out",
    "crt",
  ];
  const { status, stderr } = spawnSync("openssl", args, { cwd: dir, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return { cert: readFileSync(join(dir, "crt"), "utf8"), key: readFileSync(join(dir, "key"), "utf8") };
}

describeWith("sslscan", "a port with TLS, scanned", () => {
  const OLD = [
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA256",
    "AES128-SHA",
  ];

  it.each<[string, readonly string[]]>([
    ["modern", []],
    ["compat", OLD],
  ])("offers what the profile %s says, and nothing weaker", async (profile, expected) => {
    const dir = secured();
    mount(dir, rsaPair());
    const server = await start(dir, { env: { BENTO_SERVER_TLS_PROFILE: profile } });
    const { stdout } = spawnSync("sslscan", ["--no-colour", `127.0.0.1:${server.port}`], { encoding: "utf8" });
    const versions = [...stdout.matchAll(/^((?:SSL|TLS)v\S+) +(enabled|disabled)$/gm)].map(
      ([, name, state]) => `${name} ${state}`,
    );
    expect(versions).toEqual([
      "SSLv2 disabled",
      "SSLv3 disabled",
      "TLSv1.0 disabled",
      "TLSv1.1 disabled",
      "TLSv1.2 enabled",
      "TLSv1.3 enabled",
    ]);
    expect(stdout).toContain("Session renegotiation not supported");
    expect(stdout).not.toMatch(/^TLSv\S+ vulnerable/m);
    const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted) +\S+ +\d+ bits +(\S+)/gm)].map(
      ([, name = ""]) => name,
    );
    expect(ciphers.filter((name) => /^(TLS_|ECDHE-RSA-(AES(128|256)-GCM|CHACHA20))/.test(name))).toHaveLength(6);
    expect(ciphers.filter((name) => !/^(TLS_|ECDHE-RSA-(AES(128|256)-GCM|CHACHA20))/.test(name)).toSorted()).toEqual(
      expected.toSorted(),
    );
  });
});

describe("the redirect port", () => {
  it("sends browsers on, gives answers to challenges and serves nothing", async () => {
    const dir = secured();
    put(dir, { "acme/token_1": "token_1.thumb" });
    const server = await start(dir, {
      env: { BENTO_SERVER_TLS_HTTP_REDIRECT_PORT: "0", BENTO_SERVER_TLS_ACME_CHALLENGE_DIR: join(dir, "acme") },
    });
    const port = Number(/"redirectPort":(\d+)/.exec(server.output())?.[1]);
    const plain = `http://127.0.0.1:${port}`;
    const followed = curl("--cacert", CA_FILE, "-L", `${plain}/healthz`);
    expect(JSON.parse(followed)).toEqual({ live: true });
    expect(curl("-w", "%{http_code}", "-o", "/dev/null", "-d", '"x"', `${plain}/pid`)).toBe("403");
    expect(curl(`${plain}/.well-known/acme-challenge/token_1`)).toBe("token_1.thumb");
    expect(await server.stop()).toBe(0);
    await expect(new Promise((resolve, reject) => get(plain, resolve).once("error", reject))).rejects.toThrow(
      "ECONNREFUSED",
    );
  });
});
