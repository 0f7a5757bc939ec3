import type { Variables } from "../env-layer.ts";
import { parsePairs } from "./pairs.ts";
import type { OtlpProtocol, Tracing } from "../../call/tracing.ts";

/** Something that Jaeger's variables say, and what is to be said of it. */
interface Said<T> {
  readonly value: T;
  readonly warnings: readonly string[];
}

const ALWAYS: Tracing["sampler"] = { name: "parentbased_always_on", ratio: 1 };

/**
 * Where spans go: by OTLP to the host of the agent or collector. The agent's protocol over UDP and the collector's `/api/traces` are those of clients that nobody maintains any more, and Jaeger
 * takes OTLP since 1.35.
 */
export function jaegerEndpoint(env: Variables, protocol: OtlpProtocol): Said<string> {
  const collector = env["JAEGER_ENDPOINT"] ?? "";
  const agent = env["JAEGER_AGENT_HOST"] ?? "";
  const given = collector === "" ? `http://${inUrl(agent === "" ? "localhost" : agent)}` : collector;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isUsable = url !== undefined && /^https?:$/.test(url.protocol);
  const origin = isUsable ? `${url.protocol}//${url.hostname}` : "http://localhost";
  const value = protocol === "grpc" ? `${origin}:4317` : `${origin}:4318/v1/traces`;
  const unread = `${collector === "" ? "JAEGER_AGENT_HOST is no host" : "JAEGER_ENDPOINT is no http or https URL"} and is not read`;
  const note = `traces go to ${value} by OTLP, which Jaeger takes since 1.35; its agent's UDP and its /api/traces are not spoken: set OTEL_EXPORTER_OTLP_ENDPOINT for another place`;
  return { value, warnings: isUsable ? [note] : [unread, note] };
}

function inUrl(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** What is told of the process with every span. */
export function jaegerAttributes(env: Variables): Tracing["attributes"] {
  const name = env["JAEGER_SERVICE_NAME"] ?? "";
  const tags = { ...parsePairs(env["JAEGER_TAGS"] ?? ""), ...parsePairs(env["JAEGER_EXTRA_TAGS"] ?? "") };
  return name === "" ? tags : { ...tags, "service.name": name };
}

/** Jaeger's samplers decide about calls that belong to no trace yet; others follow their caller. */
export function jaegerSampler(env: Variables): Said<Tracing["sampler"]> {
  const type = env["JAEGER_SAMPLER_TYPE"] ?? "";
  const text = env["JAEGER_SAMPLER_PARAM"] ?? "";
  const ratio = text.trim() === "" ? 1 : Number(text);
  const file = env["JAEGER_CONFIG_PATH"] ?? "";
  const warnings = file === "" ? [] : ["JAEGER_CONFIG_PATH is not read: set JAEGER_* or OTEL_* variables instead"];
  if (type === "" || (type === "const" && ratio === 1)) return { value: ALWAYS, warnings };
  if (type === "const" && ratio === 0) return { value: { name: "parentbased_always_off", ratio: 1 }, warnings };
  if (type === "probabilistic" && ratio >= 0 && ratio <= 1)
    return { value: { name: "parentbased_traceidratio", ratio }, warnings };
  const got = `${JSON.stringify(type)} with ${JSON.stringify(text)}`;
  const unread = `JAEGER_SAMPLER_TYPE: expected const with 0 or 1, or probabilistic with 0 to 1 in JAEGER_SAMPLER_PARAM, got ${got}: every new trace is recorded; OTEL_TRACES_SAMPLER says it otherwise`;
  return { value: ALWAYS, warnings: [...warnings, unread] };
}
