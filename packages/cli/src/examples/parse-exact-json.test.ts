import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "./parse-exact-json.ts";

describe("parseExactJson", () => {
  it("keeps integers exact that no double holds, at any depth", () => {
    expect(parseExactJson('{"ids":[9007199254740993,-9223372036854775808,1]}')).toEqual({
      ids: [9007199254740993n, -9223372036854775808n, 1],
    });
  });

  it("leaves fractions and exponents as the numbers that they are", () => {
    expect(parseExactJson("[1e20, 0.1, 1e999, -0.0]")).toEqual([1e20, 0.1, Infinity, -0]);
  });

  it("reads everything else as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        fc.pre(!/\d{16}/.test(text));
        expect(parseExactJson(text)).toEqual(value);
      }),
    );
  });

  it("throws for text that is no JSON", () => {
    expect(() => parseExactJson("{")).toThrow(SyntaxError);
  });
});
