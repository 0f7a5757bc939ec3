import { isSpanContextValid, type SpanContext, trace, ROOT_CONTEXT } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROPAGATORS } from "../../call/tracing.ts";
import { createPropagation, type HeaderSource } from "./propagation.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

/** A request with these fields, each as often as it has values. */
function sent(fields: Readonly<Record<string, string | readonly string[]>>): HeaderSource {
  const valuesOf = (name: string): readonly string[] => [fields[name] ?? []].flat();
  return {
    headers: Object.fromEntries(Object.keys(fields).map((name) => [name, valuesOf(name).join(", ")])),
    valuesOf,
  };
}

function spanIn(
  names: Parameters<typeof createPropagation>[0],
  fields: Parameters<typeof sent>[0],
): SpanContext | undefined {
  return trace.getSpanContext(createPropagation(names).extract(sent(fields)));
}

describe("headers of a trace", () => {
  it("that come twice are not believed", () => {
    const one = `00-${TRACE_ID}-${SPAN_ID}-01`;
    expect(spanIn(["tracecontext"], { traceparent: one })).toMatchObject({ traceId: TRACE_ID, traceFlags: 1 });
    expect(spanIn(["tracecontext"], { traceparent: [one, one] })).toBeUndefined();
    expect(spanIn(["b3"], { b3: [`${TRACE_ID}-${SPAN_ID}-1`, "0"] })).toBeUndefined();
  });

  it("in upper case are written in lower case, as W3C wants them", () => {
    const propagation = createPropagation(["tracecontext", "jaeger"]);
    const context = propagation.extract(sent({ "uber-trace-id": `${TRACE_ID.toUpperCase()}:${SPAN_ID}:0:1` }));
    expect(propagation.inject(context)["traceparent"]).toBe(`00-${TRACE_ID}-${SPAN_ID}-01`);
  });

  it("are not made of names that no header may have", () => {
    const propagation = createPropagation(["baggage", "jaeger"]);
    const context = propagation.extract(sent({ baggage: "team=blue,a%0d%0ahost=x" }));
    expect(propagation.inject(context)).toEqual({ baggage: "team=blue,a%0D%0Ahost=x", "uberctx-team": "blue" });
  });

  it("of Jaeger's baggage are looked at 64 times at the most, however many come", () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `uberctx-${at}`);
    const request = sent(Object.fromEntries(names.map((name) => [name, "x"])));
    let looks = 0;
    const counted = { ...request, valuesOf: (name: string) => ((looks += 1), request.valuesOf(name)) };
    const propagation = createPropagation(["tracecontext", "baggage", "jaeger"]);
    const written = propagation.inject(propagation.extract(counted));
    expect(Object.keys(written).filter((name) => name.startsWith("uberctx-"))).toEqual(names.slice(0, 64));
    // Those of the others: one name each, and W3C's second.
    expect(looks).toBeLessThanOrEqual(4);
  });

  it("of 64 bits are filled up", () => {
    expect(spanIn(["jaeger"], { "uber-trace-id": "8448eb211c80319c:b7ad:0:1" })).toMatchObject({
      traceId: "00000000000000008448eb211c80319c",
      spanId: "000000000000b7ad",
    });
  });

  const ids = fc.tuple(hex(32), hex(16), fc.integer({ min: 0, max: 1 }));
  it.each(["tracecontext", "b3", "b3multi", "jaeger"] as const)("of %s come out as they went in", (name) => {
    fc.assert(
      fc.property(ids, ([traceId, spanId, traceFlags]) => {
        const propagation = createPropagation([name]);
        const written = propagation.inject(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags }));
        expect(trace.getSpanContext(propagation.extract(sent(lowerCase(written))))).toMatchObject({
          traceId,
          spanId,
          traceFlags,
        });
      }),
    );
  });

  const names = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
  ];
  const fieldName = fc.constantFrom(...names, "uber-trace-id", "uberctx-team", "uberctx-", "__proto__");
  const piece = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(TRACE_ID, SPAN_ID, "00", "01", "ff", "%", "%zz", "0".repeat(32), "x".repeat(20_000), "a=b", "d"),
  );
  const value = fc
    .array(piece, { maxLength: 5 })
    .chain((pieces) => fc.constantFrom("-", ":", ",", ";").map((by) => pieces.join(by)));
  it("never throw and never make headers that none may be, whatever callers send", () => {
    const propagation = createPropagation(PROPAGATORS);
    fc.assert(
      fc.property(fc.dictionary(fieldName, fc.array(value, { maxLength: 2 })), (fields) => {
        const context = propagation.extract(sent(fields));
        const span = trace.getSpanContext(context);
        expect(span === undefined || isSpanContextValid(span)).toBe(true);
        for (const [name, text] of Object.entries(propagation.inject(context))) {
          expect(name).toMatch(/^[\w!#$%&'*+.^`|~-]+$/);
          expect(text).toMatch(/^[\t\x20-\x7e]*$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function hex(digits: number): fc.Arbitrary<string> {
  const digit = fc.constantFrom(...Array.from("0123456789abcdef"));
  return fc
    .array(digit, { minLength: digits, maxLength: digits })
    .map((all) => all.join(""))
    .filter((id) => /[1-9a-f]/.test(id));
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]));
}
