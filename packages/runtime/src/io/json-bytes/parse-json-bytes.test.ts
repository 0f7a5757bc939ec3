import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { parseJsonBytes } from "./parse-json-bytes.ts";

const parse = (text: string | Uint8Array, exactIntegers = false): unknown =>
  parseJsonBytes(Buffer.from(text), { exactIntegers });
const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);
const refusal = (message: string, path = "") =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", problems: [{ path, message }] });

describe("parseJsonBytes", () => {
  it("reads any JSON value, after a byte order mark too", () => {
    expect(parse('{"a":[1,null,true,"é\\u00e9"]}')).toEqual({ a: [1, null, true, "éé"] });
    expect(parse("\ufeff 7 ")).toBe(7);
  });

  it("reads a part of a larger buffer", () => {
    expect(parseJsonBytes(new Uint8Array(Buffer.from("xx[1]yy")).subarray(2, 5), { exactIntegers: false })).toEqual([
      1,
    ]);
  });

  it("keeps every digit of integers where the type asks for it", () => {
    expect(parse("[9007199254740993]", true)).toEqual([9007199254740993n]);
    expect(parse("[9007199254740993]")).toEqual([9007199254740992]);
  });

  it.each([
    ["", "expected JSON, got an empty body"],
    [" \n", "expected JSON, got an empty body"],
    ["\ufeff", "expected JSON, got an empty body"],
    ['{"df": [1, 2,]}', 'not valid JSON at line 1, column 14: expected a value, found "]"'],
    ['{\n  "a": 1\n  "b": 2\n}', 'not valid JSON at line 3, column 3: expected "," or "}", found "\\""'],
    ['{"a": NaN}', "not valid JSON at line 1, column 7: NaN is not JSON"],
    ["[-Infinity]", "not valid JSON at line 1, column 2: -Infinity is not JSON"],
    ["[True]", "not valid JSON at line 1, column 2: True is not JSON"],
    ["{'a': 1}", 'not valid JSON at line 1, column 2: expected a name in double quotes, found "\'"'],
    ['{"a"}', 'not valid JSON at line 1, column 5: expected ":", found "}"'],
    ['{"a":1', 'not valid JSON at line 1, column 7: expected "," or "}", found the end of the text'],
    ['["abc', "not valid JSON at line 1, column 2: this string has no end"],
    [
      '["a\tb"]',
      'not valid JSON at line 1, column 4: expected \\n, \\t or \\u00XX in place of a control character, found "\\t"',
    ],
    ['["\\x"]', 'not valid JSON at line 1, column 3: expected a known escape behind \\, found "\\\\"'],
    ["[1] 2", 'not valid JSON at line 1, column 5: expected the end of the text, found "2"'],
    ["[01]", 'not valid JSON at line 1, column 3: expected "," or "]", found "1"'],
    ["oops", 'not valid JSON at line 1, column 1: expected a value, found "o"'],
    ["{}\u0000", 'not valid JSON at line 1, column 3: expected the end of the text, found "\\u0000"'],
    ["😀", 'not valid JSON at line 1, column 1: expected a value, found "😀"'],
  ])("says what is wrong with %j and where", (text, message) => {
    expect(() => parse(text)).toThrow(refusal(message));
  });

  it.each([
    [[0x22, 0xff, 0x22], 1],
    [[0x22, 0xef, 0xbf, 0xbd, 0xc3, 0x22], 4],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    [[0xef, 0xbb, 0xbf, 0x22, 0xc3, 0xa9, 0xe2, 0x82], 6],
  ])("names the byte of %j that is not UTF-8", (bytes, offset) => {
    expect(() => parse(Uint8Array.from(bytes))).toThrow(refusal(`byte ${offset}: not valid UTF-8`));
  });

  it("takes 64 levels of nesting", () => {
    expect(() => parse(nested(64))).not.toThrow();
    expect(() => parse(`${'{"a":['.repeat(32)}${"]}".repeat(32)}`)).not.toThrow();
  });

  it("refuses deeper nesting and names where it starts", () => {
    const message = "arrays and objects are nested more than 64 deep";
    expect(() => parse(nested(65))).toThrow(refusal(message, "/0/0/0/0"));
    expect(() => parse(`{"df":{"x":${nested(63)}}}`)).toThrow(refusal(message, "/df/x/0/0"));
    expect(() => parse(nested(100_000), true)).toThrow(refusal(message, "/0/0/0/0"));
    expect(() => parse(`[9007199254740993,${nested(100_000)}]`, true)).toThrow(refusal(message, "/1/0/0/0"));
  });

  it("refuses deeper nesting in a text that is broken as well, without exhausting the stack", () => {
    expect(() => parse("[".repeat(500_000))).toThrow(
      refusal('not valid JSON at line 1, column 66: expected at most 64 nested arrays and objects, found "["'),
    );
  });

  it.each([
    ['{"df":[{"a":1},{"__proto__":{"x":1}}]}', "/df/1/__proto__"],
    ['{"constructor":{"prototype":{"x":1}}}', "/constructor"],
    ['{"a":{"\\u005f_proto_\\u005F":1}}', "/a/__proto__"],
    ['[{"con\\u0073tructor":1}]', "/0/constructor"],
  ])("refuses the key in %s", (text, path) => {
    expect(() => parse(text)).toThrow(refusal("a key of this name is not allowed", path));
    expect(() => parse(text, true)).toThrow(refusal("a key of this name is not allowed", path));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("takes the forbidden names where they are values or parts of other keys", () => {
    expect(parse('{"a":"__proto__","my__proto__":["constructor"]}')).toEqual({
      a: "__proto__",
      my__proto__: ["constructor"],
    });
  });

  it("agrees with JSON.parse on which texts are JSON, and gives a place for all others", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "\\u0041",
      "1",
      "-",
      "0",
      ".5",
      "e+3",
      "true",
      "null",
      " ",
      "\n",
      "NaN",
      "x",
      "\u0001",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
      fc
        .tuple(fc.json(), fc.nat(), piece)
        .map(([json, at, extra]) => json.slice(0, at % (json.length + 1)) + extra + json.slice(at % (json.length + 1))),
    );
    fc.assert(
      fc.property(text, (given) => {
        // These are JSON and refused all the same, see above; fast-check is fond of them.
        fc.pre(!/__proto__|constructor/.test(given));
        let expected: unknown;
        try {
          expected = JSON.parse(given);
        } catch {
          expect(() => parse(given)).toThrow(
            expect.objectContaining({
              code: "INVALID_ARGUMENT",
              message: expect.stringMatching(
                /^(not valid JSON at line \d+, column \d+: |expected JSON, got an empty body$)/,
              ),
            }),
          );
          return;
        }
        expect(parse(given)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it("answers any bytes with a value or INVALID_ARGUMENT", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        try {
          parse(bytes, true);
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
          expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
