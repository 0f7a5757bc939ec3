/** The trace that a call belongs to. */
export interface CallTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Of the call's own span: 16 hex digits. */
  readonly spanId: string;
  /** Headers that carry the trace on to whoever is called next. */
  headers(): Record<string, string>;
  /** Notes a run of a model that has ended now; `ms` is its time. */
  ran(run: { readonly source: string; readonly place: string; readonly ms: number }): void;
}

/** Under this key a call's context tells the models that it runs where their runs are noted. */
export const TRACE: unique symbol = Symbol("trace");

/** What carries a trace, if anything does. */
export interface Traced {
  readonly [TRACE]?: Pick<CallTrace, "ran"> | undefined;
}

/** Notes the runs of a batch in the trace of each of its calls; undefined where traces are off. */
export function joinTraces(calls: readonly (Traced & { readonly signal?: unknown })[]): Traced[typeof TRACE] {
  const traces = calls.flatMap((call) => call[TRACE] ?? []);
  if (traces.length === 0) return undefined;
  return {
    ran(run) {
      for (const trace of traces) trace.ran(run);
    },
  };
}

/** What log lines of a call carry of its trace, by the names that OpenTelemetry gives them in logs. */
export function logFactsOf(trace: CallTrace | undefined): Readonly<Record<string, string>> {
  return trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId };
}
