import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from "@opentelemetry/api";
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import { JaegerPropagator } from "@opentelemetry/propagator-jaeger";
import type { CallRequest } from "../../call/types.ts";
import type { Propagator } from "../../call/tracing.ts";

/** What of a request headers are read from. */
export type HeaderSource = Pick<CallRequest, "headers" | "valuesOf">;

/** How a trace goes from service to service. */
export interface Propagation {
  /** What the headers of a request say; headers that say nothing valid count as none. Never throws. */
  extract(request: HeaderSource): Context;
  /** Headers that say the same to the next. */
  inject(context: Context): Record<string, string>;
}

const PROPAGATORS = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  // Each reads both forms and writes one.
  b3: () => new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  jaeger: () => new JaegerPropagator(),
} as const satisfies Record<Propagator, () => TextMapPropagator>;

/** Makes what reads and writes these headers. */
export function createPropagation(names: readonly Propagator[]): Propagation {
  const propagators = names.map((name) => PROPAGATORS[name]());
  return {
    extract: (request) => propagators.reduce((context, propagator) => next(context, propagator, request), ROOT_CONTEXT),
    inject(context) {
      const headers: Record<string, string> = {};
      for (const propagator of propagators) propagator.inject(context, headers, SENDABLE);
      return headers;
    },
  };
}

/** One after the other, not by the library's composite: that lets a bad header take the place of a good one that was read before. */
function next(context: Context, propagator: TextMapPropagator, request: HeaderSource): Context {
  try {
    const found = propagator.extract(context, request, HEADERS);
    const span = trace.getSpanContext(found);
    if (span === undefined) return found;
    if (!isSpanContextValid(span)) return context;
    // Jaeger's may be in upper case, and W3C's, which may be written from it, must not.
    return trace.setSpanContext(found, {
      ...span,
      traceId: span.traceId.toLowerCase(),
      spanId: span.spanId.toLowerCase(),
    });
  } catch {
    // What a caller sent is no reason to refuse the call.
    return context;
  }
}

/** Headers that are lists, and may come in several fields. Source: W3C Trace Context 3.3.1, W3C Baggage 3.2. */
const LISTS: ReadonlySet<string> = new Set(["tracestate", "baggage"]);

/** Begins the names of headers in which Jaeger's baggage comes, one for each entry. */
const JAEGER_BAGGAGE = "uberctx-";
/** As many as W3C's baggage must have room for: the library's time grows with their square, for callers who were not asked yet who they are. Source: W3C Baggage 3.3.2. */
const MAX_JAEGER_BAGGAGE = 64;

const HEADERS: TextMapGetter<HeaderSource> = {
  // Asked by Jaeger's propagator alone.
  keys: ({ headers }) =>
    Object.keys(headers)
      .filter((name) => name.startsWith(JAEGER_BAGGAGE))
      .slice(0, MAX_JAEGER_BAGGAGE),
  get(request, name) {
    // Looking for each among all that came would take their square too.
    if (name.startsWith(JAEGER_BAGGAGE)) return request.headers[name];
    const values = request.valuesOf(name);
    if (values.length <= 1) return values[0];
    // Of two parents neither is to be believed.
    return LISTS.has(name) ? values.join(",") : undefined;
  },
};

/** Names of W3C's baggage are any text, and Jaeger makes headers of them: a caller must not choose how a request to somebody else looks, or fails. */
const SENDABLE: TextMapSetter<Record<string, string>> = {
  set(headers, name, value) {
    if (/^[\w!#$%&'*+.^`|~-]{1,256}$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) headers[name] = value;
  },
};
