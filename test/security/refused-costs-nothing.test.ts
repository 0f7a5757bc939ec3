import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestKey, signToken } from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { type RawExchange, sendRaw, toWire } from "../hostile/raw-http.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { Counted, ran } from "./counted-service.ts";

// Issue 5: a request that is not allowed costs no work of the model, no body past the headers where the protocol lets it, and one line of audit.
const ISSUER = "https://idp.example.com";
const key = createTestKey("ES256", "k1");
let dir = "";
let service: ListeningService;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-refused-"));
  await writeFile(join(dir, "jwks.json"), JSON.stringify({ keys: [key.jwk] }));
  service = await listen(Counted, {
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        { issuer: ISSUER, audiences: ["m"], jwksFile: join(dir, "jwks.json"), groupsClaim: "/groups" },
      ]),
      BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.jsonl"),
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off",
    },
  });
});
afterAll(() => rm(dir, { recursive: true }));

const bearer = (groups: readonly string[], exp = Math.floor(Date.now() / 1000) + 600): string =>
  `Bearer ${signToken(key, { iss: ISSUER, aud: "m", sub: "alice", groups, exp })}`;

/** Who is refused, with what every surface answers and its audit records say. */
const REFUSED = {
  nobody: { authorization: undefined, http: 401, grpc: 16, reason: "missing_credentials" },
  stranger: { authorization: "Bearer a.b.c", http: 401, grpc: 16, reason: "invalid_token" },
  latecomer: { authorization: bearer(["ml"], 1), http: 401, grpc: 16, reason: "expired" },
  outsider: { authorization: bearer(["hr"]), http: 403, grpc: 7, reason: "policy_denied" },
  /** May call `hello`. */
  neighbour: { authorization: bearer(["guests"]), http: 403, grpc: 7, reason: "policy_denied" },
} as const;
const everybody = Object.keys(REFUSED) as (keyof typeof REFUSED)[];
/** Those of whom the headers tell that they are refused, whatever they call. */
const callers = everybody.filter((name) => name !== "neighbour");
/** Those whose credential is missing or bad. */
const unknown = callers.filter((name) => REFUSED[name].http === 401);

/** Routes of functions, with the route and the function that their records name. */
const CALLS = [
  ["/secret", "/secret", "secret"],
  ["/stream", "/stream", "stream"],
  ["/v2/models/secret/infer", "/v2/models/:model/infer", "secret"],
  ["/v2/models/secret/versions/1/infer", "/v2/models/:model/versions/:version/infer", "secret"],
  ["/v1/models/secret:predict", "/v1/models/:model:predict", "secret"],
  ["/v1/models/counted/versions/1:predict", "/v1/models/:model/versions/:version:predict", "secret"],
  ["/predict", "/predict", "secret"],
  ["/api/v1.0/predictions", "/api/v1.0/predictions", "secret"],
  ["/api/v0.1/predictions", "/api/v0.1/predictions", "secret"],
  ["/send-feedback", "/send-feedback", "learn"],
  ["/api/v1.0/feedback", "/api/v1.0/feedback", "learn"],
] as const;

/** Routes that tell of the server, of none, and of what Seldon answers without an author's code: callers with a credential may. */
const QUESTIONS = ["/transform-input", "/nothing", "/v2/models/secret", "/v2", "/openapi.json", "/docs"];

/** Who sends a body that is never read, in the ways that HTTP has. */
const BODIES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "that waits for 100": [
    ["content-length", "1000000"],
    ["expect", "100-continue"],
  ],
  "of 100 GB, of which ten bytes come": [["content-length", "100000000000"]],
  "in chunks that never end": [["transfer-encoding", "chunked"]],
  "that is compressed": [
    ["content-length", "1000000"],
    ["content-encoding", "gzip"],
  ],
};

/** What a record must say of a refused request. */
interface Wanted {
  readonly caller: keyof typeof REFUSED;
  readonly route?: string;
  readonly function?: string | null;
}

/** What was refused, by request id: each must have left one record. */
const sent = new Map<string, Wanted>();
const noted = (wanted: Wanted): string => {
  const id = `r${sent.size}`;
  sent.set(id, wanted);
  return id;
};

const post = (path: string, body: string, wanted: Wanted): Promise<RawExchange> => {
  const { authorization } = REFUSED[wanted.caller];
  const wire = toWire({
    path,
    headers: [
      ["content-type", "application/json"],
      ["x-request-id", noted(wanted)],
      ["connection", "keep-alive"],
      ...(authorization === undefined ? [] : [["authorization", authorization] as const]),
      ...(BODIES[body] ?? []),
    ],
    body: body.includes("waits") ? "" : "5\r\n[[1,2\r\n",
  });
  return sendRaw(wire, { port: port() });
};
const port = (): number => Number(new URL(service.url).port);

/** The one reply, and that the connection ends with it: what is left of the body must not be read as the next request. */
function endOf({ replies, wire, closed }: RawExchange): string {
  const statuses = replies.map(({ status, headers }) => `${status} ${headers.get("connection")}`);
  return [...statuses, ...(wire.includes("100 Continue") ? ["continued"] : []), closed ? "closed" : "open"].join(" ");
}

describe.each(Object.keys(BODIES))("a refused body over REST %s", (body) => {
  it("is not waited for where a function is called", async () => {
    const asked = CALLS.flatMap(([path, route, name]) => callers.map((caller) => ({ path, caller, route, name })));
    const ends = await Promise.all(
      asked.map(async ({ path, name, ...wanted }) => [
        path,
        wanted.caller,
        endOf(await post(path, body, { ...wanted, function: name })),
      ]),
    );
    expect(ends).toEqual(asked.map(({ path, caller }) => [path, caller, `${REFUSED[caller].http} close closed`]));
    expect(ran).toEqual([]);
  });

  it("is not waited for anywhere else", async () => {
    const asked = QUESTIONS.flatMap((path) => unknown.map((caller) => ({ path, caller })));
    const ends = await Promise.all(
      asked.map(async ({ path, caller }) => [path, caller, endOf(await post(path, body, { caller }))]),
    );
    expect(ends).toEqual(asked.map(({ path, caller }) => [path, caller, "401 close closed"]));
  });
});

it("leaves a connection as it is where nothing of a body is left", async () => {
  const request = (connection: string): readonly (string | Uint8Array)[] => {
    const id = noted({ caller: "nobody", route: "/secret", function: "secret" });
    const headers = [
      ["x-request-id", id],
      ["connection", connection],
    ] as const;
    return toWire({ path: "/secret", headers });
  };
  const { replies } = await sendRaw([...request("keep-alive"), ...request("close")], { port: port() });
  expect(replies.map(({ status }) => status)).toEqual([401, 401]);
});

describe("a refused call over gRPC", () => {
  it.each([
    "/bento.counted.v1.Counted/Secret",
    "/bento.counted.v1.Counted/Stream",
    "/inference.GRPCInferenceService/ModelInfer",
    "/tensorflow.serving.PredictionService/Predict",
    "/seldon.protos.Model/Predict",
    "/seldon.protos.Seldon/Predict",
    "/seldon.protos.Model/SendFeedback",
    "/seldon.protos.Generic/SendFeedback",
  ])("%s is answered before its message comes", async (path) => {
    for (const caller of callers)
      expect([caller, await callWithoutMessage(path, { caller, route: path })]).toEqual([caller, REFUSED[caller].grpc]);
    expect(ran).toEqual([]);
  });

  it.each([
    "/inference.GRPCInferenceService/ModelMetadata",
    "/inference.GRPCInferenceService/ServerReady",
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    "/seldon.protos.Model/Metadata",
    "/seldon.protos.Generic/TransformInput",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/bento.counted.v1.Counted/Nothing",
    "/nothing.Nothing/Nothing",
  ])("%s is answered before its message comes", async (path) => {
    for (const caller of unknown) expect([caller, await callWithoutMessage(path, { caller })]).toEqual([caller, 16]);
  });
});

describe("a call whose message says what is called", () => {
  it.each([
    [
      "open_inference.proto",
      "inference.GRPCInferenceService",
      "ModelInfer",
      { model_name: "secret", inputs: [{ name: "input", shape: [1, 2], datatype: "FP32", contents: {} }] },
    ],
    [
      "tensorflow_serving/apis/prediction_service.proto",
      "tensorflow.serving.PredictionService",
      "Predict",
      { model_spec: { name: "secret" }, inputs: {} },
    ],
  ])("by a caller who may call something else is refused behind it, and runs nothing: %s", async (...row) => {
    const [file, name, method, message] = row;
    const client = grpcClient(service.grpcAddress, file, name);
    const id = noted({ caller: "neighbour", route: `/${name}/${method}`, function: "secret" });
    const metadata = { authorization: REFUSED.neighbour.authorization, "x-request-id": id };
    expect(await client.call(method, [message], { metadata })).toMatchObject({ code: 7, messages: [] });
    client.close();
    expect(ran).toEqual([]);
  });
});

/** Sends the headers of a call and nothing behind them, and gives the status that comes back. */
async function callWithoutMessage(path: string, wanted: Wanted): Promise<number> {
  const { authorization } = REFUSED[wanted.caller];
  const session = connect(`http://${service.grpcAddress}`);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "x-request-id": noted(wanted),
    ...(authorization === undefined ? {} : { authorization }),
  });
  stream.on("error", () => undefined);
  const [headers] = (await once(stream, "response")) as [Readonly<Record<string, string>>];
  stream.resume();
  session.destroy();
  return Number(headers["grpc-status"]);
}

it("serves the caller who may", async () => {
  const { replies, wire } = await sendRaw(
    toWire({
      path: "/secret",
      headers: [
        ["content-type", "application/json"],
        ["authorization", bearer(["ml"])],
        ["expect", "100-continue"],
      ],
      body: "[[1,2]]",
    }),
    { port: port() },
  );
  expect([replies.map(({ status }) => status), wire.includes("100 Continue"), ran]).toEqual([[200], true, ["secret"]]);
});

it("counts each refused request, and leaves one record of it, which read nothing and names no secret", async () => {
  const metrics = await service.metrics();
  await service.close();
  const denials = [...metrics.matchAll(/^bento_auth_decisions_total\{.*decision="deny".*\} (\d+)$/gm)];
  expect(denials.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(sent.size);
  const text = await readFile(join(dir, "audit.jsonl"), "utf8");
  const records = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const byId = new Map<unknown, Readonly<Record<string, unknown>>[]>();
  for (const record of records) byId.set(record["requestId"], [...(byId.get(record["requestId"]) ?? []), record]);
  const got = [...sent.keys()].map((id) => [id, byId.get(id)?.length ?? 0]);
  expect(got).toEqual([...sent.keys()].map((id) => [id, 1]));
  for (const [id, { caller, route, function: name }] of sent) {
    const { http, grpc, reason } = REFUSED[caller];
    const [record = {}] = byId.get(id) ?? [];
    expect([id, record]).toEqual([
      id,
      expect.objectContaining({
        decision: "deny",
        reason,
        status: http,
        bytesIn: caller === "neighbour" ? (expect.any(Number) as number) : 0,
        principal: http === 403 ? "alice" : null,
        rule: http === 403 ? "author.allow" : null,
        ...(route === undefined ? {} : { route }),
        ...(name === undefined ? {} : { function: name }),
      }),
    ]);
    expect([null, grpc]).toContain(record["grpcCode"]);
  }
  expect(records).toHaveLength(sent.size + 1);
  for (const { authorization } of Object.values(REFUSED))
    if (authorization !== undefined) expect(text).not.toContain(authorization.slice("Bearer ".length));
});
