import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bentoTs } from "../support/cli.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";
import { grpcSurfaces } from "../contract/surfaces/grpc.ts";
import { httpSurfaces } from "../contract/surfaces/http.ts";
import type { Answer, CallOptions, Surface } from "../contract/surfaces/surface.ts";

// Limits of the whole server, over real workers: security.md A9, note 3, attack B46.
const service = join(root, "test/contract/service/service.ts");
let dir = "";
let protoFile = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-rates-"));
  protoFile = join(dir, "contract.proto");
  await bentoTs(["proto", service, "-o", protoFile]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Rated {
  readonly server: ServerProcess;
  readonly surfaces: readonly Surface[];
  stop(): Promise<void>;
}

async function open(env: Readonly<Record<string, string>>): Promise<Rated> {
  const server = await serve(service, { flags: ["--workers", "2"], env });
  const addresses = { ...server, protoFile };
  const surfaces = [...httpSurfaces(addresses), ...grpcSurfaces(addresses)];
  return {
    server,
    surfaces,
    stop: async () => {
      for (const surface of surfaces) surface.close();
      await server.stop();
    },
  };
}

/** Calls the surfaces in turn; `fetch` and gRPC channels keep their connections, new ones go to the other worker. */
async function callInTurn({ surfaces }: Rated, times: number, options: CallOptions = {}): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < times; at += 1) {
    const surface = surfaces[at % surfaces.length];
    if (surface !== undefined) answers.push(await surface.call([[1, 2]], options));
  }
  return answers;
}

const isGood = ({ status }: Answer): boolean => status === 200 || status === 0;
const isLimited = ({ status, headers }: Answer): boolean =>
  (status === 429 || status === 8) && Number(headers["retry-after"]) >= 1;

describe("a limit by address", () => {
  let rated: Rated;
  beforeAll(async () => {
    rated = await open({
      // So slow that none comes while the test runs.
      BENTO_SECURITY_RATE_LIMITS: '[{"rate":15,"window":"24h","per":"ip"}]',
      BENTO_SERVER_TRUSTED_PROXIES: "[]",
    });
  });
  afterAll(() => rated.stop());

  it("is one count for all protocols, both transports and both workers", async () => {
    const answers = await callInTurn(rated, 40);
    const good = answers.filter(isGood).length;
    // Never more. On a slow machine some are lent to the worker that is not asked, and come back late.
    expect(good).toBeLessThanOrEqual(15);
    expect(good).toBeGreaterThan(10);
    expect(answers.filter(isLimited).length).toBe(40 - good);
  });

  it("is passed by nobody who invents an address, and tells every caller in the words of the protocol", async () => {
    for (const surface of rated.surfaces) {
      const answer = await surface.call([[1, 2]], { headers: { "x-forwarded-for": "198.51.100.7" } });
      expect(isLimited(answer)).toBe(true);
      expect(answer.error).toMatch(/more calls than are allowed: try again in \d+ s/);
      expect(answer.headers).toMatchObject({
        "ratelimit-policy": '"ip-1";q=15;w=86400',
        ratelimit: expect.stringMatching(/^"ip-1";r=0;t=\d+$/),
      });
    }
  });

  it("reads no body of a call that it refuses, holds up no probe, and is counted", async () => {
    const answer = await rated.surfaces[0]?.sendBytes(Buffer.from("no json"));
    expect(answer?.status).toBe(429);
    expect((await fetch(`${rated.server.url}/readyz`)).status).toBe(200);
    // A worker that computes is shown by what it last reported.
    await eventually(async () => {
      const metrics = await (await fetch(`${rated.server.adminUrl}/metrics`)).text();
      return Number(/bento_rate_limited_total\{limit="ip-1"\} (\d+)/.exec(metrics)?.[1]) >= 26 ? true : undefined;
    });
  });
});

describe("limits of rows and of calls behind a trusted proxy", () => {
  it("count each caller for itself", async () => {
    const rated = await open({
      BENTO_SECURITY_RATE_LIMITS: '[{"rate":4,"window":"24h","per":"principal","cost":"rows"}]',
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    });
    for (const [at, surface] of rated.surfaces.entries()) {
      const own = { headers: { "x-forwarded-for": `198.51.100.${at}` } };
      const rows = Array.from({ length: 3 }, () => [1, 2]);
      expect([surface.name, isGood(await surface.call(rows, own))]).toEqual([surface.name, true]);
      // One row is left: three are too many, and the one that was charged before they were counted is gone.
      expect([surface.name, isLimited(await surface.call(rows, own))]).toEqual([surface.name, true]);
      const tooMany = await surface.call(
        Array.from({ length: 5 }, () => [1, 2]),
        { headers: { "x-forwarded-for": `203.0.113.${at}` } },
      );
      expect([surface.name, tooMany.status]).toEqual([surface.name, surface.transport === "http" ? 413 : 8]);
    }
    await rated.stop();
  });
});

describe("refused credentials", () => {
  it("of one address are looked at a few times on the whole server, and hold up no other address", async () => {
    const keys = join(dir, "keys");
    // No key at all: every one is refused.
    await writeFile(keys, "");
    const rated = await open({
      BENTO_SECURITY_API_KEYS_FILE: keys,
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: '{"rate":5,"per":"1h"}',
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    });
    const bad = {
      headers: {
        "x-api-key": `bento_nobody_${"0".repeat(43)}`,
        "x-forwarded-for": "198.51.100.1",
      },
    };
    const statuses = (await callInTurn(rated, 30, bad)).map(({ status }) => status);
    const refused = statuses.filter((status) => status === 401 || status === 16).length;
    const limited = statuses.filter((status) => status === 429 || status === 8).length;
    expect(refused + limited).toBe(30);
    // One may be under way in each worker before the other has heard of the last.
    expect(refused).toBeGreaterThanOrEqual(5);
    expect(refused).toBeLessThanOrEqual(7);
    const [other] = await callInTurn(rated, 1, { headers: { ...bad.headers, "x-forwarded-for": "198.51.100.2" } });
    expect(other?.status).toBe(401);
    await rated.stop();
  });

  it("tell nobody a password by its being right, once their address has failed too often, while others use it", async () => {
    await writeFile(join(dir, "username"), "ada");
    await writeFile(join(dir, "password"), "right");
    const rated = await open({
      BENTO_SECURITY_BASIC_SECRET_DIR: dir,
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: '{"rate":5,"per":"1h"}',
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    });
    const from = (address: string, password: string): CallOptions => ({
      headers: {
        authorization: `Basic ${Buffer.from(`ada:${password}`).toString("base64")}`,
        "x-forwarded-for": address,
      },
    });
    const owner = from("198.51.100.1", "right");
    expect((await callInTurn(rated, rated.surfaces.length, owner)).every(isGood)).toBe(true);
    await callInTurn(rated, 30, from("198.51.100.2", "wrong"));
    const guesses = await callInTurn(rated, rated.surfaces.length, from("198.51.100.2", "right"));
    expect(guesses.every(isLimited)).toBe(true);
    expect((await callInTurn(rated, rated.surfaces.length, owner)).every(isGood)).toBe(true);
    await rated.stop();
  });
});
