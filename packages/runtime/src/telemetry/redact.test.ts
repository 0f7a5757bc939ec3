import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactFields, redactText } from "./redact.ts";

describe("redactFields", () => {
  it("gives sizes in place of bytes, and texts in place of what JSON can't carry", () => {
    const facts = {
      body: new Uint8Array(600),
      floats: new Float32Array(2),
      big: 7n,
      call: () => 1,
      day: new Date(0),
      bad: new Date(NaN),
    };
    expect(redactFields(facts)).toEqual({
      body: "[Uint8Array of 600 bytes]",
      floats: "[Float32Array of 8 bytes]",
      big: "7n",
      call: "[function]",
      day: "1970-01-01T00:00:00.000Z",
      bad: "Invalid Date",
    });
  });

  it("ends with cycles, long chains of causes, wide and deep objects", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    let error = new Error("0");
    for (let index = 1; index < 100; index += 1) error = new Error(String(index), { cause: error });
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index]));
    const facts = { loop, error, wide, long: "x".repeat(100_000), list: Array.from({ length: 5000 }, () => "y") };
    const text = JSON.stringify(redactFields(facts));
    expect(text.length).toBeLessThan(20_000);
    expect(text).toContain("4960 more");
    expect(text).toContain("more causes");
  });

  it("survives objects that throw", () => {
    const hostile = {
      get boom(): string {
        throw new Error("no");
      },
    };
    expect(redactFields({ hostile })).toEqual({ unreadable: true });
  });

  it("turns anything into JSON of bounded size", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withMap: true }),
        ),
        (facts) => {
          const text = JSON.stringify(redactFields(facts));
          expect(typeof text).toBe("string");
          expect(JSON.parse(text)).toBeTypeOf("object");
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("redactText", () => {
  it("cuts long texts and keeps ordinary ones", () => {
    expect(redactText("the basic idea of a bearer")).toBe("the basic idea of a bearer");
    expect(redactText("a".repeat(3000))).toBe(`${"a".repeat(2000)}… (3000 characters)`);
  });
});
