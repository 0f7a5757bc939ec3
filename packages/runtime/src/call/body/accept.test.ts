import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { negotiate, parseAccept } from "./accept.ts";

describe("parseAccept", () => {
  it("reads ranges and their quality, 1 where none stands", () => {
    expect(parseAccept("text/*;q=0.3, text/HTML;q=0.7 , text/html;level=1, */*;Q=0.5")).toEqual([
      { range: "text/*", quality: 0.3 },
      { range: "text/html", quality: 0.7 },
      { range: "text/html", quality: 1 },
      { range: "*/*", quality: 0.5 },
    ]);
  });

  it.each([
    ["text/html;q=2, text/csv", ["text/csv"]],
    ["text/html;q=0.1234, text/csv", ["text/csv"]],
    ["nonsense, text/csv", ["text/csv"]],
    ["*/csv, text/csv", ["text/csv"]],
    ["text/html text/plain, text/csv", ["text/csv"]],
    [",, text/csv,", ["text/csv"]],
    ['text/html;x="a,b", text/csv', ["text/html", "text/csv"]],
    ["", ["*/*"]],
    ["nonsense", ["*/*"]],
    [undefined, ["*/*"]],
  ])("leaves out of %j what is not readable", (header, ranges) => {
    expect(parseAccept(header).map(({ range }) => range)).toEqual(ranges);
  });
});

describe("negotiate", () => {
  const produces = ["application/json", "text/csv"];

  it.each([
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["text/csv", "text/csv"],
    ["text/*", "text/csv"],
    ["text/csv, application/json", "application/json"],
    ["text/csv, application/json;q=0.9", "text/csv"],
    ["application/json; charset=utf-8", "application/json"],
    ["*/*;q=0.5, application/json;q=0.1", "text/csv"],
    ["application/*;q=0, */*", "text/csv"],
    ["application/json;q=0", undefined],
    ["text/html", undefined],
    ["*/*;q=0", undefined],
    ["text/html, */*;q=0.001", "application/json"],
    ["APPLICATION/JSON", "application/json"],
  ])("answers Accept %j with %s", (accept, expected) => {
    expect(negotiate(parseAccept(accept), produces)).toBe(expected);
  });

  it("gives a type that is produced, or nothing, for any header", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z*/;=q0-9.", ]{0,40}$/)), (accept) => {
        expect([...produces, undefined]).toContain(negotiate(parseAccept(accept), produces));
      }),
    );
  });
});
