import type { Outcome } from "../key-types.ts";
import { isTrue } from "../seldon/lax-boolean.ts";

/** Exporters that OTEL_TRACES_EXPORTER may name, and what they are here. */
export const EXPORTERS = { none: "off", otlp: "otlp", console: "console" } as const satisfies Record<string, string>;

/** OTEL_SDK_DISABLED: switches off, and says nothing where it is not "true". Source: OpenTelemetry, SDK environment variables. */
export function readSdkDisabled(text: string): Outcome<unknown> | undefined {
  return text.trim().toLowerCase() === "true" ? { ok: true, value: "off" } : undefined;
}

/** OTEL_TRACES_EXPORTER: the first of its list that is known; one that isn't is warned about elsewhere, as the specification wants it. */
export function readTracesExporter(text: string): Outcome<unknown> | undefined {
  const name = exporterNames(text).find((one) => Object.hasOwn(EXPORTERS, one));
  return name === undefined ? undefined : { ok: true, value: EXPORTERS[name as keyof typeof EXPORTERS] };
}

/** The names in a list of exporters. */
export function exporterNames(text: string): readonly string[] {
  return text.split(",").flatMap((name) => name.trim() || []);
}

/** Who says where spans go wants them. */
export function readTracesEndpoint(): Outcome<unknown> {
  return { ok: true, value: "otlp" };
}

/** Seldon's TRACING: switches on, and says nothing where it is not true. */
export function readSeldonTracing(text: string): Outcome<unknown> | undefined {
  return isTrue(text) ? { ok: true, value: "otlp" } : undefined;
}
