import { randomBytes } from "node:crypto";
import http from "node:http";
import { join } from "node:path";
import { setPassword } from "../../packages/runtime/src/auth/basic/edit-htpasswd.ts";
import { probe } from "./health-row.ts";
import { percentile, send } from "./load.ts";
import { figuresOf, forgetPeak } from "./process-figures.ts";
import type { BenchRow } from "./rows.ts";
import { ALLOWED, type SecuredServer, startSecured } from "./secured-server.ts";

/** One call: its credential, and the address that it seems to come from. */
interface Caller {
  readonly authorization: string;
  readonly address: string;
}

interface Assault {
  readonly name: string;
  readonly calls: number;
  /** Callers at once. */
  readonly connections: number;
  caller(server: SecuredServer, at: number): Promise<Caller>;
  /** Statuses that are right. */
  readonly expected: readonly number[];
}

const body = JSON.stringify({ x: [[5.1, 3.5, 1.4, 0.2]] });

/** Addresses as a trusted proxy tells them, no two alike and no two of one IPv6 network. */
const addressOf = (at: number): string => `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;

const bad = (token: string): string => {
  const [header, claims] = token.split(".");
  return `${header}.${claims}.${randomBytes(64).toString("base64url")}`;
};

/** What callers who abuse credentials cost: memory of the server, and health meanwhile. Every call seems to come from an address of its own. */
export async function abuseRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  let template = "";
  const assaults: readonly Assault[] = [
    {
      name: `${short ? "1,000" : "10,000"} distinct good tokens`,
      calls: short ? 1_000 : 10_000,
      connections: 8,
      expected: [200],
      caller: async ({ issuer }, at) => ({
        authorization: `Bearer ${await issuer.token({ ...ALLOWED, subject: `caller-${at}` })}`,
        address: addressOf(at),
      }),
    },
    {
      name: `${short ? "5,000" : "100,000"} failing clients, each with a bad token`,
      calls: short ? 5_000 : 100_000,
      connections: 16,
      expected: [401],
      caller: async ({ issuer }, at) => {
        if (template === "") template = await issuer.token(ALLOWED);
        return { authorization: `Bearer ${bad(template)}`, address: addressOf(at) };
      },
    },
    {
      name: "150 wrong passwords at once",
      calls: 150,
      connections: 150,
      // What finds no place among the passwords that wait is refused with 503.
      expected: [401, 503],
      caller: async (_server, at) => ({
        authorization: `Basic ${Buffer.from(`person:wrong-${at}`).toString("base64")}`,
        address: addressOf(at),
      }),
    },
  ];
  const rows: BenchRow[] = [];
  for (const assault of assaults) rows.push(...(await suffer(assault)));
  return rows;
}

/** One server for each, since memory that was taken is seldom given back. */
async function suffer(assault: Assault): Promise<BenchRow[]> {
  const server = await startSecured("test/models/mlp-small.onnx", {
    workers: 2,
    env: async (dir) => {
      const file = join(dir, "htpasswd");
      await setPassword(file, { user: "person", password: "right", cost: 10 });
      return {
        BENTO_SECURITY_BASIC_HTPASSWD_FILE: file,
        BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
      };
    },
  });
  try {
    const good = { authorization: `Bearer ${await server.issuer.token(ALLOWED)}`, address: "192.0.2.1" };
    for (let at = 0; at < 500; at += 1) await statusOf(server, good);
    const idle = await probe(server.port, "/healthz", { until: pause(2_000) });
    const before = figuresOf(server.pid).rssBytes;
    forgetPeak(server.pid);
    const assaulted = attack(server, assault);
    const health = await probe(server.port, "/healthz", { until: assaulted });
    const statuses = await assaulted;
    const { rssBytes, peakBytes } = figuresOf(server.pid);
    const wrong = [...statuses.keys()].filter((status) => !assault.expected.includes(status));
    if (wrong.length > 0 || health.failed > 0)
      throw new Error(`${assault.name}: answered ${wrong.join()}, ${health.failed} probes failed`);
    const mebibytes = (name: string, bytes: number): BenchRow => ({
      name,
      bare: before / 2 ** 20,
      ours: bytes / 2 ** 20,
      unit: "MiB",
      ratio: bytes / before,
      target: "bounded",
    });
    const [idleMs, healthMs] = [idle, health].map(({ latenciesMs }) => percentile(latenciesMs, 0.99));
    const told = [...statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
    return [
      mebibytes(`${assault.name}: resident memory after (bare: before)`, rssBytes),
      mebibytes("  at its peak, sum over processes", peakBytes),
      {
        name: `  /healthz p99 meanwhile (bare: idle); ${told}`,
        bare: idleMs,
        ours: healthMs ?? Number.NaN,
        unit: "ms",
        ratio: (healthMs ?? Number.NaN) / (idleMs ?? Number.NaN),
        target: "",
      },
    ];
  } finally {
    await server.stop();
  }
}

/** Counts of statuses. */
async function attack(server: SecuredServer, assault: Assault): Promise<ReadonlyMap<number, number>> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: assault.connections });
  const statuses = new Map<number, number>();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < assault.calls) {
      const at = next;
      next += 1;
      const status = await statusOf(server, await assault.caller(server, at), agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: assault.connections }, caller));
  agent.destroy();
  return statuses;
}

function statusOf({ port }: SecuredServer, { authorization, address }: Caller, agent?: http.Agent): Promise<number> {
  const headers = { authorization, "x-forwarded-for": address };
  return send({ port, method: "POST", path: "/predict", body, headers }, agent);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
