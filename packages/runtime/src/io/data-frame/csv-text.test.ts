import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv-text.ts";

describe("parseCsv", () => {
  it.each([
    [
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      '"a,b","c""d"\n"x\ny",2',
      [
        ["a,b", 'c"d'],
        ["x\ny", "2"],
      ],
    ],
    [
      "a,,b\n,,",
      [
        ["a", null, "b"],
        [null, null, null],
      ],
    ],
    ['a,"",b', [["a", "", "b"]]],
    ["a\n\n\r\nb\n", [["a"], ["b"]]],
    ['""', [[""]]],
    ["", []],
    ["\n\n", []],
    [" a , b ", [[" a ", " b "]]],
  ])("takes %j apart", (text, rows) => {
    expect(parseCsv(text).rows).toEqual(rows);
  });

  it("tells the line on which each row starts, also behind line breaks in quotes and blank lines", () => {
    expect(parseCsv('a\n"x\r\ny\nz"\n\nb\n').lines).toEqual([1, 2, 6]);
  });

  it.each([
    ['a\n"b', "line 2: a quote is not closed"],
    ['a\nb"c"\n', "line 2: a quote stands inside a cell that does not begin with one"],
    ['"a"b', "line 1: text stands behind a closing quote"],
    ['"a\n\n', "line 1: a quote is not closed"],
  ])("refuses %j", (text, message) => {
    expect(() => parseCsv(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });

  it("agrees with csv-parse on any text that csv-parse takes", () => {
    const chars = fc.constantFrom("a", "1", ",", '"', "\n", "\r\n", " ", "é");
    fc.assert(
      fc.property(fc.string({ unit: chars, maxLength: 30 }), (text) => {
        const expected = readOther(text);
        if (expected === undefined) {
          expect(() => parseCsv(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
        } else {
          expect(parseCsv(text).rows.map((row) => row.map((cell) => cell ?? ""))).toEqual(expected);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** What csv-parse makes of a text, undefined when it refuses it. A blank line to it is one without a character, so a quoted empty cell alone is none. */
function readOther(text: string): string[][] | undefined {
  try {
    return parse(text, { relaxColumnCount: true, skipEmptyLines: true, recordDelimiter: ["\r\n", "\n", "\r"] });
  } catch {
    return undefined;
  }
}
