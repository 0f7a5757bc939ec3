/** How calls are followed across services, as OpenTelemetry's and Jaeger's variables say it; what the exporter alone needs (headers, certificates, timeouts) it reads itself. */
export interface Tracing {
  readonly exporter: "otlp" | "console";
  readonly protocol: OtlpProtocol;
  /** Where spans go, where Jaeger's variables say it; null where OpenTelemetry's own or their default hold. */
  readonly endpoint: string | null;
  /** Headers by which a trace goes from service to service, in the order in which they are looked at: a later one wins. */
  readonly propagators: readonly Propagator[];
  readonly sampler: { readonly name: Sampler; readonly ratio: number };
  /** What is told of this process with every span, beside OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, which win. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly queue: { readonly spans: number; readonly batchSpans: number; readonly delayMs: number };
}

export const OTLP_PROTOCOLS = ["http/protobuf", "http/json", "grpc"] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

export const PROPAGATORS = ["tracecontext", "baggage", "b3", "b3multi", "jaeger"] as const;
export type Propagator = (typeof PROPAGATORS)[number];

export const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type Sampler = (typeof SAMPLERS)[number];
