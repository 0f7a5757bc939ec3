// A module of its own, to be imported when it is needed: the bundler gives names to what CommonJS exports for static imports only.
export { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
