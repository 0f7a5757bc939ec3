import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import type { TlsPair } from "../../packages/runtime/src/transports/tls/tls-pair.ts";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { type EndlessCalls, startEndlessCalls } from "../support/endless-calls.ts";
import { mountSecret, swapSecret } from "../support/mounted-secret.ts";
import { useProjects } from "../support/projects.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// What connections are secured with is replaced while calls run, in real processes: security.md A8, attack B41.
vi.setConfig({ testTimeout: 120_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "crew", version: "1.0.0" })
export class Crew {
  @api({ input: t.String(), output: t.Integer() })
  pid() { return process.pid; }
  @api({ input: t.String(), output: t.Integer() })
  async slow() { await new Promise((resolve) => setTimeout(resolve, 400)); return process.pid; }
}`;
const PROTO = `syntax = "proto3";
package bento.crew.v1;
service Crew { rpc Pid(Word) returns (Number); rpc Slow(Word) returns (Number); }
message Word { optional string input = 1; }
message Number { int64 output = 1; }`;
const WORKERS = 3;

const authority = createAuthority();
const SERVER = { host: "127.0.0.1", servername: "localhost", ca: authority.ca };
const issue = (): TlsPair => authority.issue("localhost", { san: "DNS:localhost,IP:127.0.0.1" });
const serialOf = ({ cert }: TlsPair): string => new X509Certificate(cert).serialNumber;

const { project, servers } = useProjects();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Place {
  readonly server: ServerProcess;
  readonly protoFile: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

async function start(dir: string, env: Readonly<Record<string, string>>): Promise<Place> {
  const server = await serve(join(dir, "service.ts"), {
    flags: ["--workers", String(WORKERS), "--grpc-port", "0"],
    env,
  });
  servers.push(server);
  return {
    server,
    protoFile: join(dir, "crew.proto"),
    httpPort: Number(new URL(server.url).port),
    grpcPort: Number(server.grpcAddress.split(":")[1]),
  };
}

interface RestEnd {
  readonly status: number;
  readonly pid: string;
  /** Serial number of the certificate that the connection has met. */
  readonly serial: string;
}

function rest({ httpPort }: Place, agent: Agent, { path = "/pid", own }: { path?: string; own?: TlsPair } = {}) {
  return new Promise<RestEnd>((resolve, reject) => {
    const call = request({
      port: httpPort,
      ...SERVER,
      agent,
      ...own,
      method: "POST",
      path,
      headers: { "content-type": "application/json" },
    });
    call.once("error", reject).once("response", (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      let pid = "";
      response
        .on("data", (chunk: Buffer) => (pid += chunk.toString()))
        .once("end", () => resolve({ status: response.statusCode ?? 0, pid, serial: serialNumber }))
        .once("error", reject);
    });
    call.end('"x"');
  });
}

function crew({ server, protoFile }: Place, own?: TlsPair): GrpcTestClient {
  const [key, cert] = own === undefined ? [null, null] : [Buffer.from(own.key), Buffer.from(own.cert)];
  const security = credentials.createSsl(Buffer.from(authority.ca), key, cert);
  const options = { "grpc.use_local_subchannel_pool": 1, "grpc.ssl_target_name_override": "localhost" };
  return grpcClient(server.grpcAddress, protoFile, "bento.crew.v1.Crew", options, security);
}

/** Callers with connections that stay, that are new for each call, and that are new but go on with a session of TLS, over REST and gRPC. */
function everyKindOfCaller(place: Place, own?: TlsPair): Readonly<Record<string, () => Promise<unknown>>> {
  const kept = new Agent({ keepAlive: true, maxSockets: 2 });
  const resumed = new Agent({ keepAlive: false });
  const client = crew(place, own);
  closers.push(
    () => kept.destroy(),
    () => client.close(),
  );
  const options = own === undefined ? {} : { own };
  const over = async (one: GrpcTestClient, method: string): Promise<number> =>
    (await one.call(method, [{ input: "x" }])).code;
  return {
    "REST, kept": async () => (await rest(place, kept, options)).status,
    "REST, new": async () => (await rest(place, fresh(), options)).status,
    "REST, resumed": async () => (await rest(place, resumed, options)).status,
    "REST, slow": async () => (await rest(place, kept, { path: "/slow", ...options })).status,
    "gRPC, kept": () => over(client, "Pid"),
    "gRPC, slow": () => over(client, "Slow"),
    "gRPC, new": async () => {
      const alone = crew(place, own);
      const code = await over(alone, "Pid");
      alone.close();
      return code;
    },
  };
}

/** Calls of all these callers without an end, until they are stopped or the test ends. */
function startCalls(callers: ReturnType<typeof everyKindOfCaller>): EndlessCalls {
  const calls = startEndlessCalls(callers);
  closers.unshift(calls.stop);
  return calls;
}

const GOOD = new Set([
  ...["kept", "new", "resumed", "slow"].map((kind) => `REST, ${kind}: 200`),
  ...["kept", "slow", "new"].map((kind) => `gRPC, ${kind}: 0`),
]);

/** An agent without sessions of before. */
function fresh(): Agent {
  return new Agent({ keepAlive: false, maxCachedSessions: 0 });
}

/** Serial numbers that new connections meet, of every worker over REST, and of as many connections over gRPC as reach every worker in turn. */
async function met(place: Place): Promise<ReadonlySet<string>> {
  const serials = new Set<string>();
  const pids = new Set<string>();
  while (pids.size < WORKERS) {
    const { pid, serial } = await rest(place, fresh());
    serials.add(serial);
    pids.add(pid);
  }
  for (let at = 0; at < 3 * WORKERS; at += 1) {
    const socket = connect({
      port: place.grpcPort,
      ...SERVER,
      ALPNProtocols: ["h2"],
    });
    await once(socket, "secureConnect");
    serials.add(socket.getPeerCertificate().serialNumber);
    socket.destroy();
  }
  return serials;
}

async function reloads({ server }: Place): Promise<{ readonly ok: number; readonly failed: number }> {
  const lines = await (await fetch(`${server.adminUrl}/metrics`)).text();
  const count = (outcome: string): number =>
    Number(new RegExp(`^bento_tls_reloads_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(lines)?.[1]);
  return { ok: count("ok"), failed: count("failed") };
}

/** Has the server look at once, until it has counted something more. */
async function looked(place: Place, outcome: "ok" | "failed", change: () => void): Promise<void> {
  const before = await reloads(place);
  change();
  place.server.child.kill("SIGHUP");
  await eventually(async () => (await reloads(place))[outcome] > before[outcome] || undefined);
}

interface Layout {
  readonly env: Readonly<Record<string, string>>;
  /** Puts a pair in the place of the one before, as this layout has it done. */
  replace(next: TlsPair): void;
}

const LAYOUTS = {
  "file by file": (dir: string, first: TlsPair): Layout => {
    const [certFile, keyFile] = [join(dir, "cert.pem"), join(dir, "key.pem")];
    const replace = ({ cert, key }: TlsPair): void => {
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key);
    };
    replace(first);
    return { env: { BENTO_SERVER_TLS_CERT_FILE: certFile, BENTO_SERVER_TLS_KEY_FILE: keyFile }, replace };
  },
  "by the link of a mounted secret": (dir: string, first: TlsPair): Layout => {
    const toFiles = ({ cert, key }: TlsPair): Record<string, string> => ({ "tls.crt": cert, "tls.key": key });
    const folder = join(dir, "tls");
    mountSecret(folder, toFiles(first));
    return { env: { BENTO_SERVER_TLS_SECRET_DIR: folder }, replace: (next) => swapSecret(folder, toFiles(next)) };
  },
};

describe.each(Object.entries(LAYOUTS))("a certificate that is replaced under load, %s", (_how, layout) => {
  it("is in force in every worker, over REST and gRPC, without a failed call; a broken pair changes nothing and is counted", async () => {
    const dir = project({ "service.ts": SERVICE, "crew.proto": PROTO });
    let current = issue();
    const { env, replace } = layout(dir, current);
    const place = await start(dir, env);
    expect(await met(place)).toEqual(new Set([serialOf(current)]));
    const calls = startCalls(everyKindOfCaller(place));
    await calls.more(3);

    // Nobody tells the server: it looks by itself, each 10 s.
    current = issue();
    replace(current);
    await eventually(async () => (await reloads(place)).ok === 1 || undefined, 20_000);
    expect(await met(place)).toEqual(new Set([serialOf(current)]));

    for (let round = 0; round < 3; round += 1) {
      const next = issue();
      await looked(place, "ok", () => replace(next));
      expect(await met(place)).toEqual(new Set([serialOf(next)]));
      const { ok } = await reloads(place);
      const broken: readonly TlsPair[] = [
        { cert: issue().cert, key: next.key },
        { cert: next.cert.slice(0, next.cert.length / 2), key: next.key },
        { cert: next.cert, key: "" },
      ];
      for (const pair of broken) await looked(place, "failed", () => replace(pair));
      expect(await met(place)).toEqual(new Set([serialOf(next)]));
      expect((await reloads(place)).ok).toBe(ok);
      await calls.more(2);
    }
    expect(await calls.stop()).toEqual(GOOD);
    expect(place.server.output()).toContain("tls_reload_failed");
    expect(place.server.output()).not.toContain("PRIVATE KEY");
  });
});

describe("a certificate that is replaced", () => {
  it("is met by kept connections once they are of age, which end without a failed call", async () => {
    const dir = project({ "service.ts": SERVICE, "crew.proto": PROTO });
    const { env, replace } = LAYOUTS["by the link of a mounted secret"](dir, issue());
    const place = await start(dir, { ...env, BENTO_SERVER_MAX_CONNECTION_AGE: "1s" });
    const calls = startCalls(everyKindOfCaller(place));
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => kept.destroy());
    for (let round = 0; round < 3; round += 1) {
      const next = issue();
      await looked(place, "ok", () => replace(next));
      await eventually(async () => (await rest(place, kept)).serial === serialOf(next) || undefined);
      await calls.more(2);
    }
    expect(await calls.stop()).toEqual(GOOD);
  });
});

describe("a bundle of authorities for callers, replaced under load", () => {
  it("fails no call of a caller whom the new one trusts too, and ends those whom it does not", async () => {
    const dir = project({ "service.ts": SERVICE, "crew.proto": PROTO });
    const [old, young] = [createAuthority("clients of old"), createAuthority("clients of now")];
    const own = (of: typeof old): TlsPair => of.issue("svc", { usage: "clientAuth", san: "URI:spiffe://td/svc" });
    const [oldCaller, youngCaller] = [own(old), own(young)];
    const pair = issue();
    const mounted = (ca: string): Record<string, string> => ({
      "tls.crt": pair.cert,
      "tls.key": pair.key,
      "ca.crt": ca,
    });
    const folder = join(dir, "tls");
    mountSecret(folder, mounted(old.ca));
    const swap = (ca: string): void => swapSecret(folder, mounted(ca));
    const place = await start(dir, { BENTO_SERVER_TLS_SECRET_DIR: folder, BENTO_SERVER_TLS_CLIENT_AUTH: "require" });
    const ofOld = startCalls(everyKindOfCaller(place, oldCaller));
    await ofOld.more(3);
    await looked(place, "ok", () => swap(old.ca + young.ca));
    const ofYoung = startCalls(everyKindOfCaller(place, youngCaller));
    await Promise.all([ofOld.more(3), ofYoung.more(3)]);
    await looked(place, "ok", () => swap(young.ca + old.ca));
    await Promise.all([ofOld.more(3), ofYoung.more(3)]);
    expect(await ofOld.stop()).toEqual(GOOD);
    const left = crew(place, oldCaller);
    closers.push(() => left.close());
    expect((await left.call("Pid", [{ input: "x" }])).code).toBe(0);
    await looked(place, "ok", () => swap(young.ca));
    await eventually(async () => (await left.call("Pid", [{ input: "x" }])).code === 14 || undefined);
    await expect(rest(place, fresh(), { own: oldCaller })).rejects.toThrow(
      /alert unknown ca|ECONNRESET|socket hang up/,
    );
    await ofYoung.more(3);
    expect(await ofYoung.stop()).toEqual(GOOD);
  });
});
