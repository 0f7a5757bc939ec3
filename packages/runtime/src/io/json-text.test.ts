import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needsExactIntegers, parseJsonExact, stringifyJson } from "./json-text.ts";

describe("parseJsonExact", () => {
  it("keeps every digit of integers past 2^53, and only of those", () => {
    expect(parseJsonExact("[9007199254740993, -9223372036854775808, 9007199254740991, 1, 1.5]")).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      9007199254740991,
      1,
      1.5,
    ]);
    expect(parseJsonExact('{"id":18446744073709551615}')).toEqual({ id: 18446744073709551615n });
    expect(parseJsonExact("9007199254740993")).toBe(9007199254740993n);
  });

  it("leaves fractions, exponents and digits inside strings alone", () => {
    expect(
      parseJsonExact('[0.1234567890123456789, 12345678901234567.5, 1e20, "12345678901234567890", 9007199254740993]'),
    ).toEqual([0.12345678901234568, 12345678901234568, 1e20, "12345678901234567890", 9007199254740993n]);
  });

  it("takes digits without end for Infinity, as JSON.parse does", () => {
    expect(parseJsonExact(`[${"9".repeat(309)}, -${"9".repeat(309)}]`)).toEqual([10n ** 309n - 1n, 1n - 10n ** 309n]);
    expect(parseJsonExact(`[${"9".repeat(1_000_000)}, -${"9".repeat(400)}]`)).toEqual([Infinity, -Infinity]);
  });

  it("throws SyntaxError as JSON.parse does", () => {
    expect(() => parseJsonExact("[9007199254740993,]")).toThrow(SyntaxError);
    expect(() => parseJsonExact("")).toThrow(SyntaxError);
  });

  it("survives nesting that is too deep to revive", () => {
    const depth = 200_000;
    const text = `${"[".repeat(depth)}9007199254740993${"]".repeat(depth)}`;
    expect(Array.isArray(parseJsonExact(text))).toBe(true);
  });

  it("keeps __proto__ a plain key", () => {
    const value = parseJsonExact('{"__proto__":{"a":9007199254740993}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("agrees with JSON.parse on any JSON without long integers", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text);
        expect(toNumbers(parseJsonExact(text))).toEqual(plain);
      }),
    );
  });

  it("gives back what stringifyJson wrote of whole numbers of any size", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n })), (values) => {
        const read = parseJsonExact(stringifyJson({ values })) as { values: (number | bigint)[] };
        expect(read.values.map(BigInt)).toEqual(values);
      }),
    );
  });
});

/** The same value with bigints as the numbers that JSON.parse makes of them. */
function toNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toNumbers);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toNumbers(item)]));
}

describe("stringifyJson", () => {
  it("writes bigints as digits at any depth", () => {
    expect(stringifyJson({ a: [1n, { b: 18446744073709551615n }], c: "1n" })).toBe(
      '{"a":[1,{"b":18446744073709551615}],"c":"1n"}',
    );
    expect(stringifyJson(-9223372036854775808n)).toBe("-9223372036854775808");
  });

  it("writes undefined as null", () => {
    expect(stringifyJson(undefined)).toBe("null");
  });

  it("does not take a circle for a bigint", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => stringifyJson(circle)).toThrow(TypeError);
  });
});

describe("needsExactIntegers", () => {
  it("is true where an int64 or uint64 stands in any part of the type", () => {
    expect(needsExactIntegers({ kind: "tensor", dtype: "int64", shape: [] })).toBe(true);
    expect(needsExactIntegers({ kind: "tensor", dtype: "int32", shape: [] })).toBe(false);
    expect(
      needsExactIntegers({
        kind: "tensors",
        tensors: { a: { dtype: "float32", shape: [] }, b: { dtype: "uint64", shape: [] } },
      }),
    ).toBe(true);
    expect(needsExactIntegers({ kind: "json", schema: {} })).toBe(false);
    const nested = { spec: { kind: "tensor", dtype: "uint64", shape: [] }, required: false } as const;
    expect(needsExactIntegers({ kind: "multipart", fields: { x: nested } })).toBe(true);
    expect(needsExactIntegers({ kind: "multipart", fields: {} })).toBe(false);
  });
});
