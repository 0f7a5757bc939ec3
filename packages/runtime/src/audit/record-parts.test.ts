import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import { decisionOf, reasonOf } from "./decision.ts";
import { createAuditLevels } from "./levels.ts";
import { toLine } from "./line.ts";
import { queryNamesOf } from "./query-names.ts";
import { traceIdOf } from "./trace-id.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

describe("traceIdOf", () => {
  it("takes what W3C Trace Context takes", () => {
    expect(traceIdOf(`00-${TRACE}-b7ad6b7169203331-01`)).toBe(TRACE);
    // Versions to come may say more behind the flags.
    expect(traceIdOf(`cc-${TRACE}-b7ad6b7169203331-01-what-the-future-brings`)).toBe(TRACE);
  });

  it.each([
    undefined,
    "",
    `ff-${TRACE}-b7ad6b7169203331-01`,
    `00-${TRACE}-b7ad6b7169203331-01-more`,
    `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-b7ad6b7169203331-01, 00-${TRACE}-b7ad6b7169203331-01`,
    `00-${TRACE}-b7ad6b7169203331-01\n`,
  ])("gives null for %j", (header) => {
    expect(traceIdOf(header)).toBe(null);
  });
});

describe("queryNamesOf", () => {
  it("gives names once, in their order, twenty at the most, and none that may be a value", () => {
    expect(queryNamesOf(new URLSearchParams("a=SECRET&b=1&a=2&page[size]=3&x.y_z-1=4"))).toEqual([
      "a",
      "b",
      "page[size]",
      "x.y_z-1",
    ]);
    expect(queryNamesOf(new URLSearchParams(`eyJhbGciOiJub25lIn0.e30.&${"k".repeat(32)}&a%0ab&%22`))).toEqual(["*"]);
    const many = Array.from({ length: 40 }, (_, at) => `n${at}`).join("&");
    expect(queryNamesOf(new URLSearchParams(many)).length).toBe(20);
  });
});

describe("decisionOf", () => {
  it.each([
    [undefined, "allow", undefined],
    [new ServingError("UNAUTHENTICATED", "", { reason: "expired" }), "deny", "expired"],
    [new ServingError("PERMISSION_DENIED", ""), "deny", "PERMISSION_DENIED"],
    [new ServingError("INVALID_ARGUMENT", "", { reason: "ambiguous_credentials" }), "deny", "ambiguous_credentials"],
    [new ServingError("RESOURCE_EXHAUSTED", "", { reason: "rate_limited" }), "deny", "rate_limited"],
    [new ServingError("RESOURCE_EXHAUSTED", ""), "error", "RESOURCE_EXHAUSTED"],
    [new ServingError("UNAVAILABLE", "", { reason: "keys_unavailable" }), "error", "keys_unavailable"],
    [new ServingError("INTERNAL", ""), "error", "INTERNAL"],
  ])("says of %o: %s", (error, decision, reason) => {
    expect(decisionOf(error)).toBe(decision);
    if (error !== undefined) expect(reasonOf(error)).toBe(reason);
  });
});

describe("createAuditLevels", () => {
  it("takes a function's own level, and of a call that is not known the default", () => {
    const levels = createAuditLevels("metadata", { score: "request", quiet: "none" });
    expect([levels.of("score"), levels.of("quiet"), levels.of("other"), levels.of(undefined)]).toEqual([
      "request",
      "none",
      "metadata",
      "metadata",
    ]);
    expect(levels.highest).toBe("request");
  });

  it("writes down who was refused before it was known what they call, if anything is written down", () => {
    expect(createAuditLevels("none", { score: "bodyHash" }).of(undefined)).toBe("metadata");
    expect(createAuditLevels("none", { score: "none" })).toMatchObject({ highest: "none" });
    // A name that every object has is no level.
    expect(createAuditLevels("none", {}).of("constructor")).toBe("none");
  });
});

describe("toLine", () => {
  it("is one line without a character that a terminal or a reader of lines acts on, and reads as what was written", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const line = toLine(JSON.stringify(value));
        expect(line).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(value));
      }),
    );
  });
});
