import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServingError } from "../../errors.ts";
import type { Variables } from "../env-layer.ts";
import { loadConfig } from "../load-config.ts";
import { readTracing } from "./read-tracing.ts";

const exporterOf = async (env: Variables): Promise<string> => (await loadConfig({ env })).config.telemetry.traces;
const on = (env: Variables): ReturnType<typeof readTracing> => readTracing(env, "otlp");

const SELDON_NOTE = (place: string): string =>
  `traces go to ${place} by OTLP, which Jaeger takes since 1.35; its agent's UDP and its /api/traces are not spoken: set OTEL_EXPORTER_OTLP_ENDPOINT for another place`;

describe("traces", () => {
  it.each<[string, Variables]>([
    ["off", {}],
    ["off", { JAEGER_AGENT_HOST: "jaeger", OTEL_SERVICE_NAME: "x", OTEL_PROPAGATORS: "b3" }],
    ["off", { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }],
    ["off", { OTEL_SDK_DISABLED: "True", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", TRACING: "1" }],
    ["off", { TRACING: "0" }],
    ["otlp", { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }],
    ["otlp", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://c/v1/traces" }],
    ["otlp", { OTEL_TRACES_EXPORTER: "otlp" }],
    ["console", { OTEL_TRACES_EXPORTER: "zipkin, console", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }],
    ["otlp", { TRACING: "True" }],
    ["console", { BENTO_TELEMETRY_TRACES: "console", OTEL_SDK_DISABLED: "true" }],
  ])("are %s with %j", async (expected, env) => {
    expect(await exporterOf(env)).toBe(expected);
  });

  it("are told in the usual way unless variables say it otherwise", () => {
    expect(on({})).toEqual({
      tracing: {
        exporter: "otlp",
        protocol: "http/protobuf",
        endpoint: null,
        propagators: ["tracecontext", "baggage"],
        sampler: { name: "parentbased_always_on", ratio: 1 },
        attributes: {},
        queue: { spans: 2048, batchSpans: 512, delayMs: 5000 },
      },
      problems: [],
      warnings: [],
    });
  });

  it("are told as OpenTelemetry's variables say", () => {
    const { tracing, warnings } = on({
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
      OTEL_PROPAGATORS: "b3, b3multi,b3",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_BSP_SCHEDULE_DELAY: "1000",
    });
    expect(warnings).toEqual([]);
    expect(tracing).toMatchObject({
      protocol: "http/json",
      propagators: ["b3", "b3multi"],
      sampler: { name: "traceidratio", ratio: 0.25 },
      queue: { spans: 100, batchSpans: 100, delayMs: 1000 },
    });
  });

  it("go by no header at all where OTEL_PROPAGATORS is none", () => {
    expect(on({ OTEL_PROPAGATORS: "none" })).toMatchObject({ tracing: { propagators: [] }, warnings: [] });
  });

  it("take what they don't know for not set, and warn", () => {
    const { tracing, problems, warnings } = on({
      OTEL_TRACES_EXPORTER: "otlp,zipkin",
      OTEL_EXPORTER_OTLP_PROTOCOL: "thrift",
      OTEL_PROPAGATORS: "xray,b3",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "2",
      OTEL_BSP_SCHEDULE_DELAY: "5s",
    });
    expect(problems).toEqual([]);
    expect(tracing).toMatchObject({
      protocol: "http/protobuf",
      propagators: ["b3"],
      sampler: { name: "traceidratio", ratio: 1 },
      queue: { delayMs: 5000 },
    });
    expect(warnings).toEqual([
      'OTEL_TRACES_EXPORTER: expected none, otlp, console, got "zipkin", which is ignored',
      'OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, http/json, grpc, got "thrift", which is ignored',
      'OTEL_PROPAGATORS: expected tracecontext, baggage, b3, b3multi, jaeger, none, got "xray", which is ignored',
      'OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1, got "2": 1 is taken',
      'OTEL_BSP_SCHEDULE_DELAY: expected a whole number from 1 to 600000, got "5s": 5000 is taken',
    ]);
  });

  it("refuse an endpoint that is no URL, without telling it", async () => {
    const refused = await loadConfig({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:pass@host" } }).catch(
      (error: ServingError) => error.message,
    );
    expect(refused).toContain("OTEL_EXPORTER_OTLP_ENDPOINT: expected an http or https URL, got a text that is none");
    expect(refused).not.toContain("pass");
  });

  it.each([
    ["grpc", "authorization=Bearer s%C3%A9same"],
    ["grpc", "a b=1,authorization=sesame"],
    ["grpc", "token-bin=sesame"],
    ["http/json", "authorization=sesame%0d%0ahost: x"],
    ["http/protobuf", "authorization=sesame,a:b=1"],
  ])("refuse headers that %s can't send, without telling them: %s", async (protocol, headers) => {
    for (const name of ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]) {
      const env = { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: protocol, [name]: headers };
      const refused = await loadConfig({ env }).catch((error: ServingError) => error.message);
      expect(refused).toContain(
        `${name}: expected name=value pairs that ${protocol} can send as headers, got one that it can't`,
      );
      expect(refused).not.toMatch(/same/);
    }
  });

  it("take headers as OpenTelemetry writes them", () => {
    const headers = "api-key=Zm9v==,authorization=Basic%20dTpw,team=blue;ttl=1, ,=,lost,x=%zz";
    for (const protocol of ["http/protobuf", "http/json", "grpc"])
      expect(on({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_HEADERS: headers }).problems).toEqual([]);
  });

  it("never throw, whatever the variables hold", () => {
    const name = fc.constantFrom(
      "OTEL_TRACES_EXPORTER",
      "OTEL_PROPAGATORS",
      "OTEL_TRACES_SAMPLER",
      "OTEL_TRACES_SAMPLER_ARG",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "OTEL_EXPORTER_OTLP_PROTOCOL",
      "OTEL_BSP_MAX_QUEUE_SIZE",
      "TRACING",
      "JAEGER_ENDPOINT",
      "JAEGER_AGENT_HOST",
      "JAEGER_SERVICE_NAME",
      "JAEGER_TAGS",
      "JAEGER_SAMPLER_TYPE",
      "JAEGER_SAMPLER_PARAM",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("1", "=", "a=b,,c", "http://", "::1", "const"),
    );
    fc.assert(
      fc.property(fc.dictionary(name, text), (env) => {
        const { tracing, problems } = on(env);
        expect(tracing?.sampler.ratio).toBeGreaterThanOrEqual(0);
        expect(problems.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("Seldon's TRACING", () => {
  it.each<[string, Variables]>([
    ["http://localhost:4318/v1/traces", {}],
    ["http://10.0.0.7:4318/v1/traces", { JAEGER_AGENT_HOST: "10.0.0.7", JAEGER_AGENT_PORT: "6831" }],
    ["http://[fd00::7]:4318/v1/traces", { JAEGER_AGENT_HOST: "fd00::7" }],
    [
      "https://jaeger.example.com:4318/v1/traces",
      { JAEGER_ENDPOINT: "https://u:p@jaeger.example.com:14268/api/traces" },
    ],
    ["http://jaeger:4317", { JAEGER_AGENT_HOST: "jaeger", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }],
  ])("sends to %s with %j, and says so once", (endpoint, env) => {
    const { tracing, warnings } = on({ TRACING: "1", ...env });
    expect(tracing).toMatchObject({ endpoint, propagators: ["tracecontext", "baggage", "jaeger"] });
    expect(warnings).toEqual([SELDON_NOTE(endpoint)]);
  });

  it("sends where OpenTelemetry's variables say, and needs no warning then", () => {
    const env = { TRACING: "1", JAEGER_AGENT_HOST: "jaeger", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
    expect(on(env)).toMatchObject({ tracing: { endpoint: null }, warnings: [] });
  });

  it.each([
    ["const", "1", { name: "parentbased_always_on", ratio: 1 }],
    ["const", "0", { name: "parentbased_always_off", ratio: 1 }],
    ["probabilistic", "0.1", { name: "parentbased_traceidratio", ratio: 0.1 }],
  ])("samples as JAEGER_SAMPLER_TYPE %s with %s says", (type, param, sampler) => {
    const { tracing } = on({ TRACING: "1", JAEGER_SAMPLER_TYPE: type, JAEGER_SAMPLER_PARAM: param });
    expect(tracing?.sampler).toEqual(sampler);
  });

  it("takes what Jaeger alone can do for always, and says what can be set", () => {
    const { tracing, warnings } = on({
      TRACING: "1",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318",
      JAEGER_SAMPLER_TYPE: "ratelimiting",
      JAEGER_SAMPLER_PARAM: "2",
      JAEGER_CONFIG_PATH: "/etc/jaeger.yaml",
    });
    expect(tracing?.sampler).toEqual({ name: "parentbased_always_on", ratio: 1 });
    expect(warnings).toEqual([
      "JAEGER_CONFIG_PATH is not read: set JAEGER_* or OTEL_* variables instead",
      'JAEGER_SAMPLER_TYPE: expected const with 0 or 1, or probabilistic with 0 to 1 in JAEGER_SAMPLER_PARAM, got "ratelimiting" with "2": every new trace is recorded; OTEL_TRACES_SAMPLER says it otherwise',
    ]);
  });

  it("tells Jaeger's tags and service name of the process", () => {
    const env = {
      TRACING: "1",
      JAEGER_SERVICE_NAME: "graph",
      JAEGER_TAGS: "team=blue, a=b=c,x",
      JAEGER_EXTRA_TAGS: "n=1",
    };
    expect(on(env).tracing?.attributes).toEqual({ team: "blue", a: "b=c", n: "1", "service.name": "graph" });
  });
});
