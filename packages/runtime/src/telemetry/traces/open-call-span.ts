import { type Context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { CallPhase } from "../../call/phase.ts";
import type { RecordedCall } from "../../call/types.ts";
import type { OpenTrace, TracedOutcome } from "./call-tracer.ts";
import { describeCall, isFaultOfServer, type Ports, spanNameOf } from "./describe-call.ts";
import type { Propagation } from "./propagation.ts";

interface TracerParts {
  readonly tracer: Tracer;
  readonly propagation: Propagation;
  readonly ports: Ports;
}

interface NotedRun {
  readonly source: string;
  readonly place: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** More runs than a method of sense makes for one call; each becomes a span. */
const MAX_RUNS = 64;

/** The span of one call; those of its phases and of the models' runs are made when it ends, from its record. */
export class OpenCallSpan implements OpenTrace {
  readonly #call: RecordedCall;
  readonly #parts: TracerParts;
  readonly #span: Span;
  readonly #context: Context;
  /** By the clock of the wall, to the millisecond; all else is measured from there. */
  readonly #startMs = Date.now();
  readonly #startedMs = performance.now();
  readonly #phases: { readonly phase: CallPhase; readonly atMs: number }[] = [];
  #runs: NotedRun[] | undefined = undefined;

  constructor(call: RecordedCall, parts: TracerParts) {
    this.#call = call;
    this.#parts = parts;
    const parent = parts.propagation.extract(call.request);
    const options = { kind: SpanKind.SERVER, startTime: this.#startMs };
    this.#span = parts.tracer.startSpan(spanNameOf(call), options, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get spanId(): string {
    return this.#span.spanContext().spanId;
  }

  headers(): Record<string, string> {
    return this.#parts.propagation.inject(this.#context);
  }

  ran({ source, place, ms }: { readonly source: string; readonly place: string; readonly ms: number }): void {
    if (!this.#span.isRecording()) return;
    this.#runs ??= [];
    if (this.#runs.length >= MAX_RUNS) return;
    const endMs = this.#startMs + performance.now() - this.#startedMs;
    this.#runs.push({ source, place, startMs: endMs - ms, endMs });
  }

  passed(phase: CallPhase, atMs: number): void {
    if (this.#span.isRecording()) this.#phases.push({ phase, atMs });
  }

  end(outcome: TracedOutcome): void {
    if (!this.#span.isRecording()) return;
    const { error, durationMs } = outcome;
    this.#addPhases();
    this.#span.setAttributes(describeCall(this.#call, outcome, this.#parts.ports));
    // Its message may quote what the caller sent.
    if (error !== undefined && isFaultOfServer(this.#call, error)) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end(this.#startMs + durationMs);
  }

  #addPhases(): void {
    let startMs = this.#startMs;
    let inside = this.#context;
    for (const { phase, atMs } of this.#phases) {
      const span = this.#parts.tracer.startSpan(phase, { startTime: startMs }, this.#context);
      startMs = this.#startMs + atMs;
      span.end(startMs);
      if (phase === "infer") inside = trace.setSpan(this.#context, span);
    }
    for (const run of this.#runs ?? []) {
      const attributes = { "bento.model": run.source, "bento.place": run.place };
      this.#parts.tracer.startSpan("model run", { startTime: run.startMs, attributes }, inside).end(run.endMs);
    }
  }
}
