import { createServer } from "node:http2";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startEndlessCalls } from "../support/endless-calls.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { describeWith, h2spec } from "../support/needs.ts";
import { makeProject, run } from "../support/run-command.ts";
import { serve, type ServerProcess } from "../support/server-process.ts";

// What others have written to press servers of HTTP/2: security.md A9, attack B47.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "crew", version: "1.0.0" })
export class Crew {
  @api({ input: t.String(), output: t.String() })
  echo(text: string) { return text; }
}`;

let server: ServerProcess;
let emptyMessage: string;
beforeAll(async () => {
  const dir = makeProject({ "service.ts": SERVICE });
  emptyMessage = join(dir, "message");
  writeFileSync(emptyMessage, Buffer.alloc(5));
  server = await serve(join(dir, "service.ts"), { flags: ["--workers", "2", "--grpc-port", "0"] });
});
afterAll(() => server.stop());

describeWith("h2load", "floods over HTTP/2", () => {
  interface Flood {
    readonly done: number;
    readonly errored: number;
    readonly good: number;
    readonly refused: number;
    readonly faults: number;
  }

  /** Sends requests as fast as they are answered, while others ask for health; how they ended. */
  async function flood(url: string, ...flags: readonly string[]): Promise<Flood> {
    const health = grpcClient(server.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
    const callers = startEndlessCalls({
      admin: async () => (await fetch(`${server.adminUrl}/readyz`)).status,
      gRPC: async () => (await health.call("Check", [{ service: "" }])).code,
    });
    const { stdout } = await run("h2load", [...flags, "-T", "15", url]);
    await callers.more(1);
    expect(await callers.stop()).toEqual(new Set(["admin: 200", "gRPC: 0"]));
    health.close();
    const [, done, errored] = /(\d+) done, .* (\d+) errored/.exec(stdout) ?? [];
    const [, good, refused, faults] = /(\d+) 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout) ?? [];
    return {
      done: Number(done),
      errored: Number(errored),
      good: Number(good),
      refused: Number(refused),
      faults: Number(faults),
    };
  }
  const GRPC = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
  const check = (): string => `http://${server.grpcAddress}/grpc.health.v1.Health/Check`;

  it("are answered call by call, also by windows of a byte", async () => {
    const all = { done: 2_000, errored: 0, good: 2_000, refused: 0, faults: 0 };
    const calls = [...GRPC, "-d", emptyMessage, "-n", "2000", "-c", "40", "-m", "100"];
    expect(await flood(check(), ...calls)).toEqual(all);
    expect(await flood(check(), ...calls, "-w", "1", "-W", "1")).toEqual(all);
  });

  it("are refused where they are no calls of gRPC", async () => {
    const refused = { done: 2_000, errored: 0, good: 0, refused: 2_000, faults: 0 };
    expect(await flood(check(), "-n", "2000", "-c", "40", "-m", "100")).toEqual(refused);
  });

  it("lose their calls with headers past the limit", async () => {
    const large = ["-H", `x-a: ${"a".repeat(40_000)}`];
    const { errored, faults } = await flood(check(), ...GRPC, ...large, "-n", "500", "-c", "20", "-m", "100");
    // Those sent before the limit is confirmed are refused by a status of gRPC, which is HTTP's 200: test/hostile/http2.test.ts looks into them.
    expect(errored).toBeGreaterThan(0);
    expect(faults).toBe(0);
  });

  it("have no more connections than an address may have", async () => {
    const calls = [...GRPC, "-d", emptyMessage, "-n", "1000", "-c", "200", "-m", "5"];
    const { good, errored, faults } = await flood(check(), ...calls);
    // 100 of 200 connections at most, each with 5 calls of 1,000: others are closed, and some of those come when one has ended.
    expect(good).toBeGreaterThanOrEqual(400);
    expect(errored).toBeGreaterThan(0);
    expect(faults).toBe(0);
  });

  it("find no HTTP/2 on the port of REST", async () => {
    const { good, refused, faults } = await flood(`${server.url}/healthz`, "-n", "500", "-c", "20", "-m", "100");
    expect([good, refused, faults]).toEqual([0, 0, 0]);
  });
});

/** Most runs of h2spec against each server. */
const ROUNDS = 5;

describeWith("h2spec", "the rules of HTTP/2", () => {
  it("are broken nowhere where Node's own server keeps them", async () => {
    // As grpc-js answers what is no call, and with as many streams at once.
    const bare = createServer({ settings: { maxConcurrentStreams: 100 } });
    bare.on("stream", (stream) => {
      stream.on("error", () => undefined).respond({ ":status": 415 }, { endStream: true });
    });
    bare.on("sessionError", () => undefined).listen(0, "127.0.0.1");
    await once(bare, "listening");
    const ports = [Number(server.grpcAddress.split(":")[1]), (bare.address() as AddressInfo).port] as const;
    // Some faults come too late to be judged before the answer has left, by chance: what counts is broken by ours each time, by the other never.
    let [broken, others] = await Promise.all([brokenBy(ports[0]), brokenBy(ports[1])]);
    for (let round = 1; round < ROUNDS && broken.some((rule) => !others.includes(rule)); round += 1) {
      const [own, other] = await Promise.all([brokenBy(ports[0]), brokenBy(ports[1])]);
      broken = broken.filter((rule) => own.includes(rule));
      others = [...others, ...other];
    }
    bare.close();
    expect(broken.filter((rule) => !others.includes(rule))).toEqual([]);
  });

  /** The rules that a server breaks, by their sections and titles. */
  async function brokenBy(port: number): Promise<readonly string[]> {
    const { stdout } = await run(h2spec(), ["-h", "127.0.0.1", "-p", String(port), "-o", "2"]);
    expect(stdout).toMatch(/1\d\d tests, 1\d\d passed/);
    const [, failures = ""] = stdout.split("Failures:");
    let section = "";
    const broken: string[] = [];
    for (const line of failures.split("\n")) {
      section = /^ *(\d+(?:\.\d+)*\. .*)$/.exec(line)?.[1] ?? section;
      const [, rule] = /× \d+: (.*)$/.exec(line) ?? [];
      if (rule !== undefined) broken.push(`${section}: ${rule}`);
    }
    return broken;
  }
});
