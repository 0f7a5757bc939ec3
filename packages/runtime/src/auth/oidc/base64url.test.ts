import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64Url } from "./base64url.ts";

describe("decodeBase64Url", () => {
  // RFC 4648, section 10, without the padding.
  it.each([
    ["", ""],
    ["Zg", "f"],
    ["Zm8", "fo"],
    ["Zm9v", "foo"],
    ["Zm9vYg", "foob"],
    ["Zm9vYmE", "fooba"],
    ["Zm9vYmFy", "foobar"],
  ])("reads %j as %j", (text, expected) => {
    expect(decodeBase64Url(text)?.toString()).toBe(expected);
  });

  it("reads the alphabet for addresses", () => {
    // 0xfb 0xff: 111110 111111 1111(00) = 62, 63, 60.
    expect(decodeBase64Url("-_8")).toEqual(Buffer.from([0xfb, 0xff]));
  });

  it.each([
    ["padding", "Zg=="],
    ["padding of one", "Zm8="],
    ["a space inside", "Zm 9v"],
    ["a space before", " Zm9v"],
    ["a line break at the end", "Zm9v\n"],
    ["a carriage return inside", "Zm\r\n9v"],
    ["a tab", "Zm9\tv"],
    ["a NUL", "Zm9v\0"],
    ["the other alphabet's plus", "+_8"],
    ["the other alphabet's slash", "-/8"],
    ["a dot", "Zm9v.Zg"],
    ["a percent escape", "Zg%3D%3D"],
    ["a full-width letter", "Zm9\uff56"],
    ["one character left over", "Zm9vY"],
    ["a lone character", "Z"],
    ["a stray last bit after two characters", "Zh"],
    ["the highest stray bit after two characters", "Zo"],
    ["a stray last bit after three characters", "Zm9"],
    ["the higher stray bit after three characters", "Zm-"],
  ])("refuses %s", (_, text) => {
    expect(decodeBase64Url(text)).toBeUndefined();
  });

  it("reads back whatever an encoder writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeBase64Url(Buffer.from(bytes).toString("base64url"))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("takes one spelling of each value alone", () => {
    const characters = fc.constantFrom(..."AQgwZz09-_=+/ \n.".split(""));
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
        const bytes = decodeBase64Url(text);
        if (bytes !== undefined) expect(bytes.toString("base64url")).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
