import type { Problem } from "../../errors.ts";
import type { Variables } from "../env-layer.ts";
import { isTrue } from "../seldon/lax-boolean.ts";
import { jaegerAttributes, jaegerEndpoint, jaegerSampler } from "./jaeger.ts";
import { headerProblems } from "./header-problems.ts";
import { EXPORTERS, exporterNames } from "./switches.ts";
import { OTLP_PROTOCOLS, type Propagator, PROPAGATORS, SAMPLERS, type Tracing } from "../../call/tracing.ts";

/** How calls are followed, and what is wrong with the variables that say it. */
export interface ReadTracing {
  /** Null where traces are off. */
  readonly tracing: Tracing | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;

/**
 * Reads OpenTelemetry's variables, and Jaeger's where Seldon's TRACING is set; OpenTelemetry's win.
 *
 * A word that is not known is a warning and counts as not set, as the specification wants it; an endpoint that is no URL is a problem, since spans would go elsewhere, and so are headers that
 * can't be sent, since none would go anywhere.
 */
export function readTracing(env: Variables, exporter: "off" | "otlp" | "console"): ReadTracing {
  const warnings = exporterNames(env["OTEL_TRACES_EXPORTER"] ?? "")
    .filter((name) => !Object.hasOwn(EXPORTERS, name))
    .map((name) => unknownWord("OTEL_TRACES_EXPORTER", Object.keys(EXPORTERS), name));
  if (exporter === "off") return { tracing: null, problems: [], warnings };
  const word = createWordReader(env, warnings);
  const protocol =
    word(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"], OTLP_PROTOCOLS) ?? "http/protobuf";
  const hasEndpoint = ENDPOINTS.some((name) => (env[name] ?? "") !== "");
  const isSeldon = isTrue(env["TRACING"] ?? "");
  const place = isSeldon && !hasEndpoint && exporter === "otlp" ? jaegerEndpoint(env, protocol) : undefined;
  warnings.push(...(place?.warnings ?? []));
  const tracing: Tracing = {
    exporter,
    protocol,
    endpoint: place?.value ?? null,
    propagators: Object.freeze(readPropagators(env, isSeldon, warnings)),
    sampler: Object.freeze(readSampler(env, isSeldon, { word, warnings })),
    attributes: Object.freeze(isSeldon ? jaegerAttributes(env) : {}),
    queue: Object.freeze(readQueue(env, warnings)),
  };
  const problems = exporter === "otlp" ? [...endpointProblems(env), ...headerProblems(env, protocol)] : [];
  return { tracing: Object.freeze(tracing), problems, warnings };
}

function endpointProblems(env: Variables): readonly Problem[] {
  return ENDPOINTS.flatMap((path) => {
    const text = env[path] ?? "";
    const isUrl = text === "" || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));
    // It may hold a password.
    return isUrl ? [] : [{ path, message: "expected an http or https URL, got a text that is none" }];
  });
}

/** Reads the first of some variables that is set as one of some words. */
type WordReader = <W extends string>(names: readonly string[], words: readonly W[]) => W | undefined;

function createWordReader(env: Variables, warnings: string[]): WordReader {
  return (names, words) => {
    const name = names.find((one) => (env[one] ?? "") !== "");
    if (name === undefined) return undefined;
    const text = (env[name] ?? "").trim();
    const word = words.find((known) => known === text);
    if (word === undefined) warnings.push(unknownWord(name, words, text));
    return word;
  };
}

function readPropagators(env: Variables, isSeldon: boolean, warnings: string[]): readonly Propagator[] {
  const text = env["OTEL_PROPAGATORS"] ?? "";
  // Seldon's graph speaks Jaeger's headers, a mesh in front of it may speak W3C's.
  if (text === "") return isSeldon ? ["tracecontext", "baggage", "jaeger"] : ["tracecontext", "baggage"];
  const names = new Set(text.split(",").flatMap((name) => name.trim() || []));
  return Array.from(names).flatMap((name) => {
    const known = PROPAGATORS.find((one) => one === name);
    if (known === undefined && name !== "none")
      warnings.push(unknownWord("OTEL_PROPAGATORS", [...PROPAGATORS, "none"], name));
    return known ?? [];
  });
}

function readSampler(
  env: Variables,
  isSeldon: boolean,
  { word, warnings }: { readonly word: WordReader; readonly warnings: string[] },
): Tracing["sampler"] {
  const name = word(["OTEL_TRACES_SAMPLER"], SAMPLERS);
  if (name !== undefined) return { name, ratio: readRatio(env, warnings) };
  if (!isSeldon) return { name: "parentbased_always_on", ratio: 1 };
  const jaeger = jaegerSampler(env);
  warnings.push(...jaeger.warnings);
  return jaeger.value;
}

function readRatio(env: Variables, warnings: string[]): number {
  const text = env["OTEL_TRACES_SAMPLER_ARG"] ?? "";
  const ratio = text.trim() === "" ? 1 : Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warnings.push(`OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1, got ${JSON.stringify(text)}: 1 is taken`);
  return 1;
}

function readQueue(env: Variables, warnings: string[]): Tracing["queue"] {
  const whole = (name: string, usual: number, most: number): number => {
    const text = env[name] ?? "";
    if (text === "") return usual;
    if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text);
    warnings.push(`${name}: expected a whole number from 1 to ${most}, got ${JSON.stringify(text)}: ${usual} is taken`);
    return usual;
  };
  // Defaults: OpenTelemetry, Batch Span Processor. The bounds keep memory and timers sane.
  const spans = whole("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1_000_000);
  return {
    spans,
    batchSpans: Math.min(spans, whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 100_000)),
    delayMs: whole("OTEL_BSP_SCHEDULE_DELAY", 5000, 600_000),
  };
}

function unknownWord(variable: string, known: readonly string[], got: string): string {
  return `${variable}: expected ${known.join(", ")}, got ${JSON.stringify(got)}, which is ignored`;
}
