import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const SERVICE = `import { writeFileSync } from "node:fs";
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "mortal", version: "2.0.0" })
export class Mortal {
  @api({ input: t.String(), output: t.Number() })
  pid() { return process.pid; }
  @api({ input: t.String(), output: t.Number() })
  async hold(file) { writeFileSync(file, ""); await new Promise(() => {}); }
  @api({ input: t.String(), output: t.Number() })
  async *stream(file) { yield 1; writeFileSync(file, ""); await new Promise(() => {}); }
  @api({ input: t.String(), output: t.Number() })
  die() { process.kill(process.pid, "SIGKILL"); for (;;); }
}`;

let dir: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE });
});
afterEach(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function started(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  server = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SERVER_DRAIN_DELAY: "0s", BENTO_SERVER_DRAIN_TIMEOUT: "1s", ...env },
  });
  return server;
}

/** Calls with a request id; "cut" when the connection ends without an answer. */
const call = async ({ url }: ServerProcess, api: string, id: string): Promise<unknown> => {
  const init = { method: "POST", body: JSON.stringify(join(dir, id)) };
  const headers = {
    "content-type": "application/json",
    "x-request-id": id,
    "user-agent": "tester/1",
    connection: "close",
  };
  try {
    return await (await fetch(`${url}/${api}`, { ...init, headers })).text();
  } catch {
    return "cut";
  }
};

const begun = (id: string): Promise<true> => eventually(async () => (existsSync(join(dir, id)) ? true : undefined));

/** Records of calls: events of the server have no request. */
const records = (): readonly Record<string, unknown>[] =>
  readFileSync(join(dir, "audit.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ requestId }) => requestId !== undefined);
const idsOf = (lines: readonly Record<string, unknown>[]): readonly string[] =>
  lines.map(({ requestId }) => String(requestId)).sort();

/** Files that a process has open, by name; one that has no name any more has " (deleted)" behind it. */
const openFiles = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });

describe.skipIf(process.platform !== "linux")("calls that end with their worker", () => {
  it("are one record each that says so, beside those of calls that were answered", async () => {
    const running = await started({ BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.jsonl") });
    const pid = Number(await call(running, "pid", "answered"));
    const lost = [call(running, "hold", "held"), call(running, "stream", "streamed")];
    await Promise.all([begun("held"), begun("streamed")]);
    expect(idsOf(records())).toEqual(["answered"]);
    process.kill(pid, "SIGKILL");
    expect(await Promise.all(lost)).toEqual(["cut", "cut"]);
    await eventually(async () => (records().length >= 3 ? true : undefined));
    expect(await call(running, "pid", "after")).not.toBe(String(pid));
    // A record may follow its answer by a turn of the event loop.
    await eventually(async () => (records().length >= 4 ? true : undefined));
    expect(idsOf(records())).toEqual(["after", "answered", "held", "streamed"]);
    expect(records().find(({ requestId }) => requestId === "held")).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      requestId: "held",
      traceId: null,
      protocol: "native",
      method: "POST",
      route: "/hold",
      function: "hold",
      service: "mortal",
      version: "2.0.0",
      principal: "anonymous",
      issuer: null,
      authMethod: "anonymous",
      clientId: null,
      credentialId: null,
      peerIp: "127.0.0.1",
      clientIp: "127.0.0.1",
      userAgent: "tester/1",
      decision: "error",
      reason: "WORKER_DIED",
      rule: null,
      status: null,
      grpcCode: null,
      bytesIn: null,
      bytesOut: null,
      durationMs: expect.any(Number),
      level: "metadata",
    });
    expect(running.output()).toMatch(/"lostCalls":2,"message":"worker died"/);
  });

  it("are recorded also when they end it themselves, before it comes to anything else", async () => {
    const running = await started({ BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.jsonl") });
    expect(await call(running, "die", "fatal")).toBe("cut");
    await eventually(async () => (records().length > 0 ? true : undefined));
    expect(records()).toMatchObject([{ requestId: "fatal", function: "die", reason: "WORKER_DIED" }]);
  });

  it("are recorded of a server that stops and waits for them no longer", async () => {
    const running = await started({ BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.jsonl") });
    const held = call(running, "hold", "held");
    await begun("held");
    expect(await running.stop()).toBe(1);
    // Its caller was told before the end: that is its record, and the only one.
    expect(await held).toContain('"code":"UNAVAILABLE"');
    expect(records()).toMatchObject([{ requestId: "held", reason: "UNAVAILABLE", status: 503 }]);
  });

  it("are noted in a file without a name, and nowhere when no records are kept", async () => {
    const noted = await started({ BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.jsonl") });
    const journals = openFiles(Number(await call(noted, "pid", "a"))).filter((name) => name.includes("bento-calls-"));
    expect(journals).toEqual([expect.stringMatching(/ \(deleted\)$/)]);
    await noted.stop();
    const plain = await started({});
    expect(openFiles(Number(await call(plain, "pid", "b"))).filter((name) => name.includes("bento-calls-"))).toEqual(
      [],
    );
    expect(openFiles(plain.pid).filter((name) => name.includes("bento-calls-"))).toEqual([]);
  });
});
