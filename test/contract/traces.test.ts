import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  api,
  type BatchContext,
  type Context,
  createTensor,
  joinRows,
  onnx,
  service,
  ServingError,
  t,
  tensor,
  type TensorOf,
  text,
} from "../../packages/runtime/src/index.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { root } from "../support/server-process.ts";
import { startCollector, type TraceCollector } from "../support/trace-collector.ts";

const NET = `${root}test/models/mlp-small.onnx`;

@service({ name: "traced", version: "1.2.3" })
class Traced {
  net = onnx(NET);

  @api({ input: text(), output: t.Record(t.String(), t.Any()) })
  async relay(_word: string, ctx: Context) {
    ctx.log.error("relayed");
    return { trace: ctx.trace ?? null, headers: ctx.traceHeaders() };
  }

  @api({ input: text(), output: t.Integer() })
  async run(_word: string, ctx: Context): Promise<number> {
    const [name = ""] = this.net.info.inputs.map((input) => input.name);
    await this.net.run({ [name]: createTensor("float32", [1, 4], Float32Array.of(1, 2, 3, 4)) }, ctx);
    return 1;
  }

  @api({ input: tensor("float32", [null, 4]), output: t.Integer(), batch: { maxSize: 8, maxLatencyMs: 50 } })
  async together(calls: readonly TensorOf<"float32">[], ctx: BatchContext): Promise<number[]> {
    const [name = ""] = this.net.info.inputs.map((input) => input.name);
    await this.net.run({ [name]: joinRows(calls) }, ctx);
    return calls.map(() => 1);
  }

  @api({ input: text(), output: t.Integer() })
  async fail(word: string): Promise<number> {
    if (word === "unavailable") throw new ServingError("UNAVAILABLE", `no place for ${word}`);
    if (word === "unfit") throw new ServingError("INVALID_ARGUMENT", `"${word}" does not fit`);
    throw new Error("a fault of the author's");
  }

  @api({ input: text(), output: text() })
  async *lines(word: string) {
    yield word;
    yield word;
  }
}

const PROTO = `syntax = "proto3";
package bento.traced.v1;
service Traced { rpc Relay(Word) returns (Reply); rpc Run(Word) returns (Reply); rpc Fail(Word) returns (Reply); }
message Word { optional string input = 1; }
message Reply {}`;

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

let dir: string;
let collector: TraceCollector;
let server: ListeningService | undefined;
let count = 0;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-traces-"));
  writeFileSync(join(dir, "traced.proto"), PROTO);
});
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await collector.close();
  vi.unstubAllEnvs();
});

/** Serves with these variables, as a worker has them. */
async function start(
  variables: Readonly<Record<string, string>> = {},
  onLogLine: (line: string) => void = () => undefined,
) {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "20", ...variables };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  server = await listen(Traced, { env, onLogLine });
  return server;
}

type Headers = Readonly<Record<string, string>>;

/** Calls over REST; gives the id of the request. */
async function post({ url }: ListeningService, path: string, headers: Headers = {}, body = "word"): Promise<string> {
  const id = `call-${(count += 1)}`;
  const reply = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "text/plain", "x-request-id": id, ...headers },
    body,
  });
  await reply.arrayBuffer();
  return id;
}

/** Calls over gRPC; gives the id of the request. */
async function call({ grpcAddress }: ListeningService, method: string, headers: Headers = {}, input = "word") {
  const id = `call-${(count += 1)}`;
  const client = grpcClient(grpcAddress, join(dir, "traced.proto"), "bento.traced.v1.Traced");
  await client.call(method, [{ input }], { metadata: { "x-request-id": id, ...headers } });
  client.close();
  return id;
}

const transports = [
  ["REST", (to: ListeningService, headers: Headers) => post(to, "/relay", headers)],
  ["gRPC", (to: ListeningService, headers: Headers) => call(to, "Relay", headers)],
] as const;

const PARENTS: readonly (readonly [string, string, Headers])[] = [
  ["W3C", "tracecontext", { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: "vendor=1" }],
  ["B3 in one header", "b3", { b3: `${TRACE_ID}-${SPAN_ID}-1` }],
  [
    "B3 in several headers",
    "b3multi",
    { "x-b3-traceid": TRACE_ID, "x-b3-spanid": SPAN_ID, "x-b3-parentspanid": "05e3ac9a4f6e3b90", "x-b3-sampled": "1" },
  ],
  ["Jaeger", "jaeger", { "uber-trace-id": `${TRACE_ID}:${SPAN_ID}:0:1` }],
];

describe.each(transports)("a call over %s", (transport, send) => {
  it.each(PARENTS)("belongs below the span that its caller names by %s", async (_name, propagators, headers) => {
    const to = await start({ OTEL_PROPAGATORS: propagators });
    const span = await collector.ofCall(await send(to, headers));
    expect(span).toMatchObject({ traceId: TRACE_ID, parentId: SPAN_ID, kind: 2 });
  });

  it("looks at no headers but those that OTEL_PROPAGATORS names", async () => {
    const to = await start({ OTEL_PROPAGATORS: "b3" });
    const span = await collector.ofCall(await send(to, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }));
    expect(span.parentId).toBe("");
    expect(span.traceId).not.toBe(TRACE_ID);
  });

  it("begins a trace of its own below headers that say nothing valid", async () => {
    const to = await start({ OTEL_PROPAGATORS: "tracecontext,baggage,b3,b3multi,jaeger" });
    const bad = { traceparent: "00-zz", b3: "%%%", "x-b3-traceid": "1", "uber-trace-id": "%:%:%:%", baggage: "=;,%zz" };
    const span = await collector.ofCall(await send(to, bad));
    expect(span.parentId).toBe("");
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("is below the good header where another is bad", async () => {
    const to = await start({ OTEL_PROPAGATORS: "tracecontext,jaeger" });
    const headers = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, "uber-trace-id": `${"0".repeat(32)}:0:0:1` };
    expect(await collector.ofCall(await send(to, headers))).toMatchObject({ traceId: TRACE_ID, parentId: SPAN_ID });
  });

  it("is recorded as its caller has decided, and else as OTEL_TRACES_SAMPLER says", async () => {
    const to = await start({ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" });
    const [alone, unsampled, sampled] = [
      await send(to, {}),
      await send(to, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` }),
      await send(to, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }),
    ];
    await collector.ofCall(sampled);
    await to.close();
    expect(collector.text()).not.toContain(`"${alone}"`);
    expect(collector.text()).not.toContain(`"${unsampled}"`);
    server = undefined;
  });

  it("tells nothing of credentials, queries and bodies", async () => {
    const to = await start();
    const headers = { authorization: "Bearer secret-token", cookie: "secret-cookie", "x-more": "secret-header" };
    const id =
      transport === "REST"
        ? await post(to, "/fail?key=secret-query", headers, "secret-body")
        : await call(to, "Fail", headers, "secret-body");
    await collector.ofCall(id);
    expect(collector.text()).not.toContain("secret");
  });
});

it("a span over REST has the attributes of OpenTelemetry's conventions, and one child for each phase and model run", async () => {
  const to = await start();
  const span = await collector.ofCall(await post(to, "/run"));
  expect(span).toMatchObject({
    name: "POST /run",
    status: 0,
    resource: { "service.name": "traced", "service.version": "1.2.3", "telemetry.sdk.name": "opentelemetry" },
  });
  expect(span.attributes).toEqual({
    "http.request.method": "POST",
    "http.route": "/run",
    "http.response.status_code": 200,
    "url.path": "/run",
    "url.scheme": "http",
    "client.address": "127.0.0.1",
    "server.port": 3000,
    "bento.api": "run",
    "bento.protocol": "native",
    "bento.request_id": expect.any(String),
  });
  const children = collector.spans().filter(({ parentId }) => parentId === span.spanId);
  expect(children.map(({ name }) => name)).toEqual(["arrival", "queue", "input", "infer", "output"]);
  // They follow one another, from the start of the call to its end.
  expect(children[0]?.startMs).toBeCloseTo(span.startMs, 2);
  for (const [index, child] of children.entries()) {
    expect(child.traceId).toBe(span.traceId);
    expect(child.endMs).toBeLessThanOrEqual(span.endMs + 0.01);
    if (index > 0) expect(child.startMs).toBeCloseTo(children[index - 1]?.endMs ?? 0, 2);
  }
  const infer = children.find(({ name }) => name === "infer");
  expect(collector.spans().filter(({ parentId }) => parentId === infer?.spanId)).toMatchObject([
    { name: "model run", attributes: { "bento.model": NET, "bento.place": "inline" } },
  ]);
});

it("a call of a batch has its wait for it, and the run that it shared with others", async () => {
  const to = await start();
  const json = { "content-type": "application/json" };
  const ids = await Promise.all([1, 2].map(() => post(to, "/together", json, "[[1, 2, 3, 4]]")));
  for (const id of ids) {
    const span = await collector.ofCall(id);
    const children = collector.spans().filter(({ parentId }) => parentId === span.spanId);
    expect(children.map(({ name }) => name)).toEqual(["arrival", "queue", "input", "queue", "infer", "output"]);
    const infer = children.find(({ name }) => name === "infer");
    expect(collector.spans().filter(({ parentId }) => parentId === infer?.spanId)).toMatchObject([
      { name: "model run" },
    ]);
  }
});

it("a span over gRPC has those of RPC", async () => {
  const to = await start();
  const span = await collector.ofCall(await call(to, "Run"));
  expect(span.name).toBe("bento.traced.v1.Traced/Run");
  expect(span.attributes).toEqual({
    "rpc.system": "grpc",
    "rpc.service": "bento.traced.v1.Traced",
    "rpc.method": "Run",
    "rpc.grpc.status_code": 0,
    "client.address": "127.0.0.1",
    "server.port": 3001,
    "bento.api": "run",
    "bento.protocol": "native",
    "bento.request_id": expect.any(String),
  });
});

it("other protocols are traced by their routes", async () => {
  const to = await start();
  const body = JSON.stringify({ inputs: [{ name: "input", datatype: "BYTES", shape: [1], data: ["a"] }] });
  const id = await post(to, "/v2/models/relay/infer", { "content-type": "application/json" }, body);
  const span = await collector.ofCall(id);
  expect(span.name).toMatch(/^POST \/v2\/models\/:\w+\/infer$/);
  expect(span.attributes).toMatchObject({
    "bento.api": "relay",
    "bento.protocol": "v2",
    "url.path": "/v2/models/relay/infer",
  });
});

it.each([
  ["unavailable", { status: 2, attributes: { "error.type": "UNAVAILABLE", "http.response.status_code": 503 } }],
  ["broken", { status: 2, attributes: { "error.type": "INTERNAL", "http.response.status_code": 500 } }],
  ["unfit", { status: 0, attributes: { "error.type": "INVALID_ARGUMENT", "http.response.status_code": 400 } }],
])("a call that ends %s tells how", async (word, expected) => {
  const to = await start();
  expect(await collector.ofCall(await post(to, "/fail", {}, word))).toMatchObject(expected);
});

it.each([
  ["unavailable", { status: 2, attributes: { "rpc.grpc.status_code": 14 } }],
  ["unfit", { status: 0, attributes: { "rpc.grpc.status_code": 3 } }],
])("and over gRPC: %s", async (word, expected) => {
  const to = await start();
  expect(await collector.ofCall(await call(to, "Fail", {}, word))).toMatchObject(expected);
});

it("a stream's span lasts until its end, and its phases are those that it has", async () => {
  const to = await start();
  const span = await collector.ofCall(await post(to, "/lines"));
  const children = collector.spans().filter(({ parentId }) => parentId === span.spanId);
  expect(children.map(({ name }) => name)).toEqual(["arrival", "queue", "input", "infer"]);
  expect(await to.metrics()).toContain('bento_call_phase_seconds_count{api="lines",phase="infer"} 1');
});

it("a path that no route has is not told", async () => {
  const to = await start();
  const span = await collector.ofCall(await post(to, "/secret/path"));
  expect(span.name).toBe("POST");
  expect(span.attributes).toMatchObject({ "http.response.status_code": 404 });
  expect(collector.text()).not.toContain("secret");
});

it("probes are not traced", async () => {
  const to = await start();
  await fetch(`${to.url}/healthz`);
  await fetch(`${to.url}/v2/health/ready`);
  await collector.ofCall(await post(to, "/relay"));
  expect(collector.spans().filter(({ kind }) => kind === 2)).toHaveLength(1);
});

it("a method is told of its trace, and hands it on in the form that is spoken", async () => {
  const to = await start({ OTEL_PROPAGATORS: "tracecontext,baggage,b3,jaeger" });
  const reply = await fetch(`${to.url}/relay`, {
    method: "POST",
    headers: {
      "content-type": "text/plain",
      traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
      tracestate: "vendor=1",
      baggage: "team=blue",
      "x-request-id": "relayed",
    },
    body: "word",
  });
  const { trace, headers } = (await reply.json()) as { trace: { traceId: string; spanId: string }; headers: Headers };
  const span = await collector.ofCall("relayed");
  expect(trace).toEqual({ traceId: TRACE_ID, spanId: span.spanId });
  expect(headers).toMatchObject({
    traceparent: `00-${TRACE_ID}-${span.spanId}-01`,
    tracestate: "vendor=1",
    baggage: "team=blue",
    b3: `${TRACE_ID}-${span.spanId}-1`,
    "uber-trace-id": `${TRACE_ID}:${span.spanId}:0:01`,
  });
});

it("log lines of a call carry its trace", async () => {
  const lines: string[] = [];
  const to = await start({}, (line) => lines.push(line));
  const span = await collector.ofCall(await post(to, "/relay"));
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { message: "relayed", trace_id: span.traceId, span_id: span.spanId },
  ]);
});

it("names the service as OpenTelemetry's variables want it", async () => {
  const to = await start({
    OTEL_SERVICE_NAME: "houses",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=prod,team=a%20b",
  });
  const { resource } = await collector.ofCall(await post(to, "/relay"));
  expect(resource).toMatchObject({ "service.name": "houses", "deployment.environment": "prod", team: "a b" });
});

it("sends the headers that OTEL_EXPORTER_OTLP_HEADERS names, to the path of the traces", async () => {
  const to = await start({ OTEL_EXPORTER_OTLP_HEADERS: "api-key=k1,x-scope=ml" });
  await collector.ofCall(await post(to, "/relay"));
  expect(collector.headers[0]).toMatchObject({ "api-key": "k1", "x-scope": "ml" });
});

it("Seldon's TRACING follows its headers, and tells Jaeger's tags", async () => {
  const to = await start({ TRACING: "1", JAEGER_SERVICE_NAME: "graph", JAEGER_TAGS: "team=blue" });
  const span = await collector.ofCall(await post(to, "/relay", { "uber-trace-id": `${TRACE_ID}:${SPAN_ID}:0:1` }));
  expect(span).toMatchObject({
    traceId: TRACE_ID,
    parentId: SPAN_ID,
    resource: { "service.name": "graph", team: "blue" },
  });
});

it("without traces a method has none, and the log neither", async () => {
  const lines: string[] = [];
  server = await listen(Traced, { onLogLine: (line) => lines.push(line) });
  const reply = await fetch(`${server.url}/relay`, {
    method: "POST",
    headers: { "content-type": "text/plain", traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` },
    body: "word",
  });
  expect(await reply.json()).toEqual({ trace: null, headers: {} });
  expect(lines[0]).not.toContain("trace_id");
});
