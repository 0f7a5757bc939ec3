import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bentoTs } from "../support/cli.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";
import { grpcSurfaces } from "./surfaces/grpc.ts";
import { httpSurfaces } from "./surfaces/http.ts";
import type { Answer, Surface } from "./surfaces/surface.ts";

// One suite for every protocol over every transport: no rule, limit, audit line or metric may differ by protocol.
const service = join(root, "test/contract/service/service.ts");

/** What each outcome looks like over HTTP and over gRPC (packages/runtime/src/error-table.ts is checked against the specifications by its own test). */
const CODES = {
  ok: { http: 200, grpc: 0 },
  invalid: { http: 400, grpc: 3 },
  "not found": { http: 404, grpc: 5 },
  "too large": { http: 413, grpc: 8 },
  precondition: { http: 409, grpc: 9 },
  exhausted: { http: 429, grpc: 8 },
  late: { http: 504, grpc: 4 },
  internal: { http: 500, grpc: 13 },
} as const;

let dir = "";
let server: ServerProcess;
let surfaces: readonly Surface[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-contract-"));
  const protoFile = join(dir, "contract.proto");
  await bentoTs(["proto", service, "-o", protoFile]);
  server = await serve(service, {
    flags: ["--workers", "1"],
    env: {
      BENTO_SERVER_LIMITS_JSON: "64KiB",
      BENTO_SERVER_LIMITS_BINARY: "64KiB",
      BENTO_SERVER_LIMITS_GRPC: "64KiB",
      BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.log"),
    },
  });
  const addresses = { ...server, protoFile };
  surfaces = [...httpSurfaces(addresses), ...grpcSurfaces(addresses)];
});

afterAll(async () => {
  for (const surface of surfaces) surface.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function expectCode({ transport }: Surface, answer: Answer, code: keyof typeof CODES): void {
  expect({ status: answer.status, error: answer.error }).toMatchObject({ status: CODES[code][transport] });
}

async function auditLines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(dir, "audit.log"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const NAMES = [
  "native REST",
  "V2 REST, JSON",
  "V2 REST, binary",
  "KServe V1",
  "TF Serving, columns",
  "Seldon REST, ndarray",
  "Seldon REST, tensor",
  "Seldon REST, form",
  "native gRPC",
  "V2 gRPC, typed",
  "V2 gRPC, raw",
  "TF Serving gRPC",
  "Seldon gRPC",
];

it("runs over every surface", () => {
  expect(surfaces.map(({ name }) => name)).toEqual(NAMES);
});

function surfaceOf(name: string): Surface {
  const found = surfaces.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no surface ${name}`);
  return found;
}

describe.each(NAMES)("%s", (name) => {
  const surface = (): Surface => surfaceOf(name);

  it("gives the method's result, the header it set and the caller's request id", async () => {
    const answer = await surface().call(
      [
        [1, 2],
        [3.5, -4],
      ],
      { requestId: "contract-1" },
    );
    expectCode(surface(), answer, "ok");
    expect(answer.values).toEqual([2, 4, 7, -8]);
    expect(answer.headers).toMatchObject({ "x-doubled": "yes", "x-request-id": "contract-1" });
  });

  it("makes a request id where the caller has none that is fit", async () => {
    const answer = await surface().call([[1, 2]], { requestId: "two words" });
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("shows the caller a known error with its text", async () => {
    const answer = await surface().call([[-2, 0]]);
    expectCode(surface(), answer, "precondition");
    expect(answer.error).toContain("the shop is closed");
  });

  it("shows nothing of an unknown error but the request id", async () => {
    const answer = await surface().call([[-1, 0]], { requestId: "contract-2" });
    expectCode(surface(), answer, "internal");
    expect(answer.error).not.toContain("4711");
    expect(answer.error).toContain("contract-2");
  });

  it("says when to come again", async () => {
    const answer = await surface().call([[-4, 0]]);
    expectCode(surface(), answer, "exhausted");
    expect(answer.headers["retry-after"]).toBe("7");
  });

  it("ends a call whose time is over, and the method's signal with it", async () => {
    const answer = await surface().call([[-3, 0]], { timeoutMs: 150 });
    expectCode(surface(), answer, "late");
  });

  it("refuses bytes that are no message of the protocol", async () => {
    for (const bytes of [Buffer.from("no message at all"), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])]) {
      const answer = await surface().sendBytes(bytes);
      expectCode(surface(), answer, "invalid");
      expect(answer.error).not.toBe("");
    }
  });

  it("refuses an empty message", async () => {
    const answer = await surface().sendBytes(Buffer.alloc(0));
    expect([CODES.invalid[surface().transport], CODES["not found"][surface().transport]]).toContain(answer.status);
    expect(answer.error).not.toBe("");
  });

  it("refuses a wrong shape and says what was expected", async () => {
    const answer = await surface().call([[1, 2, 3]]);
    expectCode(surface(), answer, "invalid");
    expect(answer.error).not.toBe("");
  });

  it("refuses a message that is too large and names the option", async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => [row, 0.5]);
    const answer = await surface().call(rows);
    expectCode(surface(), answer, "too large");
    expect(answer.error).toContain("server.limits.");
  });

  it("writes one audit line for each call, with the same facts", async () => {
    const { protocol, transport } = surface();
    const requestId = `audit-${NAMES.indexOf(name)}`;
    await surface().call([[1, 2]], { requestId });
    await surface().call([[-2, 2]], { requestId: `${requestId}-no` });
    const lines = await eventually(async () => {
      const found = (await auditLines()).filter(({ requestId: id }) => String(id).startsWith(requestId));
      return found.length >= 2 ? found : undefined;
    });
    const mine = lines.filter(({ requestId: id }) => id === requestId || id === `${requestId}-no`);
    const facts = { protocol, function: "double", service: "contract", version: "2.1.0", principal: "anonymous" };
    expect(mine).toEqual([
      expect.objectContaining({ ...facts, decision: "allow", reason: null, status: 200 }),
      expect.objectContaining({ ...facts, decision: "error", reason: "FAILED_PRECONDITION", status: 409 }),
    ]);
    if (transport === "grpc") expect(mine.map(({ method }) => method)).toEqual(["gRPC", "gRPC"]);
  });

  it("is counted by protocol, API and status", async () => {
    const { protocol } = surface();
    const counted = new RegExp(`^bento_requests_total\\{[^}]*protocol="${protocol}"[^}]*\\} [1-9].*$`, "m");
    // A busy worker may miss a scrape.
    const line = await eventually(
      async () => counted.exec(await (await fetch(`${server.adminUrl}/metrics`)).text())?.[0],
    );
    expect(line).toContain('api="double"');
  });
});

/** Those whose calls say which model is meant. */
const MODEL_NAMES = NAMES.filter((name) => !/^(?:native|Seldon) /.test(name));

describe.each(MODEL_NAMES)("%s, by the model's name", (name) => {
  it("says that a model is unknown, and which there are", async () => {
    const answer = await surfaceOf(name).call([[1, 2]], { model: "doubel" });
    expectCode(surfaceOf(name), answer, "not found");
    expect(answer.error).toContain('unknown model "doubel"');
    expect(answer.error).toContain('"double"');
  });

  it("answers under the service's name as well", async () => {
    expect((await surfaceOf(name).call([[1, 2]], { model: "contract" })).values).toEqual([2, 4]);
  });
});
