import type { IncomingHttpHeaders } from "node:http";
import type { Principal, TagValue } from "../call/types.ts";

/** Writes log lines that carry the request id; objects are merged into the line. */
export interface ContextLogger {
  debug(facts: object | string, message?: string): void;
  info(facts: object | string, message?: string): void;
  warn(facts: object | string, message?: string): void;
  error(facts: object | string, message?: string): void;
}

/** Label names and values of one series. */
export type ContextLabels = Readonly<Record<string, string>>;

/** Metrics of the author's own, shown on the admin port; names are `[a-zA-Z_][a-zA-Z0-9_]*`, at most 1000 label sets each. */
export interface ContextMetrics {
  /** Adds to a counter; `value` ≥ 0, default 1. */
  counter(name: string, value?: number, labels?: ContextLabels): void;
  gauge(name: string, value: number, labels?: ContextLabels): void;
  histogram(name: string, value: number, labels?: ContextLabels): void;
  /** Records a duration given in milliseconds as a histogram in seconds. */
  timer(name: string, durationMs: number, labels?: ContextLabels): void;
}

/** What a method knows of the call that it answers. */
export interface Context {
  readonly principal: Principal;
  readonly requestId: string;
  /** Name of the API. */
  readonly api: string;
  /**
   * Aborts when the caller is gone, the deadline has passed, or the server stops and waits no longer; in a stream that has been open for longer than
   * `server.drainTimeout` as soon as the server stops. The reason is a ServingError.
   */
  readonly signal: AbortSignal;
  /** When the call must be answered, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Headers (metadata over gRPC), names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The trace that the call belongs to and the call's own span, in hex; undefined where traces are off. */
  readonly trace: { readonly traceId: string; readonly spanId: string } | undefined;
  /** Headers that carry the trace on, for requests (metadata over gRPC) that the method makes; none where traces are off. */
  traceHeaders(): Record<string, string>;
  readonly log: ContextLogger;
  readonly metrics: ContextMetrics;
  /** Facts that travel with the answer in protocols that carry them, and with the audit record. */
  readonly tags: Map<string, TagValue>;
  /** Sets a header of the reply; framing and security headers are refused. */
  setHeader(name: string, value: string): void;
}

/** What a batched method knows of the calls that it answers. */
export interface BatchContext {
  /** Contexts of the callers, one for each input and in the same order; a caller whose rows were split may stand there more than once. */
  readonly items: readonly Context[];
  /** Name of the API. */
  readonly api: string;
  /** Aborts when all callers are gone. The reason is a ServingError. */
  readonly signal: AbortSignal;
  /** When the last of the calls must be answered, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Writes log lines that carry the request ids of the batch. */
  readonly log: ContextLogger;
  readonly metrics: ContextMetrics;
}
