import { rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeProject } from "../support/run-command.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";
import { startCollector, type TraceCollector } from "../support/trace-collector.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t, text } from "@bento-ts/runtime";
@service({ name: "traced", version: "1.0.0" })
export class Traced {
  @api({ input: text(), output: t.Integer() })
  measure(word) { return word.length; }
}`;

/** Tells every module that a process has loaded from the runtime's own files, when it ends. */
const TELL_MODULES = `import { registerHooks } from "node:module";
const urls = new Set();
registerHooks({ load(url, context, next) { urls.add(url); return next(url, context); } });
process.on("exit", () => console.log("modules " + [...urls].join(" ")));`;

let dir: string;
let server: ServerProcess | undefined;
let collector: TraceCollector | undefined;
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE });
});
afterEach(async () => {
  await server?.stop();
  await collector?.close();
  [server, collector] = [undefined, undefined];
  rmSync(dir, { recursive: true, force: true });
});

async function start(env: Readonly<Record<string, string>>, target = `${dir}/service.ts`): Promise<ServerProcess> {
  server = await serve(target, { flags: ["--workers", "1", "--grpc-port", "0"], env });
  return server;
}

async function measure({ url }: ServerProcess, id: string): Promise<unknown> {
  const headers = { "content-type": "text/plain", "x-request-id": id };
  const reply = await fetch(`${url}/measure`, { method: "POST", headers, body: "word" });
  return reply.json();
}

const droppedBy = async ({ adminUrl }: ServerProcess, reason: string): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(
    new RegExp(`^bento_trace_spans_dropped_total\\{reason="${reason}"\\} (\\d+)`, "m").exec(text)?.[1] ?? 0,
  );
};

/** Names of the runtime's own files, and of packages, that have to do with traces. */
const traceModules = (output: string): readonly string[] =>
  [...output.matchAll(/^modules (.*)$/gm)]
    .flatMap(([, urls = ""]) => urls.split(" "))
    // prom-client loads the API's interface by itself.
    .filter((url) => /create-call-tracer|opentelemetry\/(?!api\/)/.test(url));

it("loads nothing that makes or sends spans while traces are off", async () => {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_MODULES)}` };
  const off = await start(env);
  expect(await measure(off, "one")).toBe(4);
  expect(await off.stop()).toBe(0);
  expect(off.output().match(/^modules /gm)).toHaveLength(2);
  expect(traceModules(off.output())).toEqual([]);

  const on = await start({ ...env, BENTO_TELEMETRY_TRACES: "console" });
  await measure(on, "two");
  expect(await on.stop()).toBe(0);
  expect(traceModules(on.output())).toHaveLength(1);
});

// A model as it is: the command has put no loader for TypeScript into these processes, which would make CommonJS look other than in an image.
it.each(["http/protobuf", "http/json", "grpc"] as const)(
  "sends spans by %s, the last of them when it stops",
  async (protocol) => {
    collector = await startCollector({ protocol: protocol === "grpc" ? "grpc" : "http" });
    const running = await start(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      },
      `${root}test/models/mlp-small.onnx`,
    );
    const reply = await fetch(`${running.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "the-call" },
      body: '{"x": [[1, 2, 3, 4]]}',
    });
    expect(reply.status).toBe(200);
    expect(await running.stop()).toBe(0);
    const span = await collector.ofCall("the-call");
    expect(span).toMatchObject({ name: "POST /predict", resource: { "service.name": "mlp-small" } });
    expect(collector.spans().map(({ name }) => name)).toContain("model run");
  },
);

it("goes on where nobody listens for spans, counts them and says it once", async () => {
  const running = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: "100",
    OTEL_BSP_SCHEDULE_DELAY: "10",
  });
  for (let at = 0; at < 3; at += 1) {
    expect(await measure(running, `call-${at}`)).toBe(4);
    await eventually(async () => ((await droppedBy(running, "export")) >= (at + 1) * 6 ? true : undefined));
  }
  expect(running.output().match(/spans can't be sent and are dropped/g)).toHaveLength(1);
  expect(await running.stop()).toBe(0);
});

it("goes on and stops in time where the collector takes spans and never answers", async () => {
  collector = await startCollector({ answers: false });
  const running = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_TIMEOUT: "100000",
    OTEL_BSP_SCHEDULE_DELAY: "10",
    OTEL_BSP_MAX_QUEUE_SIZE: "12",
    BENTO_SERVER_DRAIN_TIMEOUT: "10s",
  });
  for (let at = 0; at < 5; at += 1) expect(await measure(running, `call-${at}`)).toBe(4);
  // Six spans each, of which twelve may be held.
  await eventually(async () => ((await droppedBy(running, "queue")) === 18 ? true : undefined));
  // Workers that were not done in time would be killed, and the code be 1.
  expect(await running.stop()).toBe(0);
});

it("writes spans into the log where that is wanted", async () => {
  const running = await start({ BENTO_TELEMETRY_TRACES: "console" });
  await measure(running, "in-the-log");
  expect(await running.stop()).toBe(0);
  const lines = running
    .output()
    .split("\n")
    .filter((line) => line.includes('"span '));
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message).sort()).toEqual(
    ["POST /measure", "arrival", "infer", "input", "output", "queue"].map((name) => `span ${name}`),
  );
});

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
