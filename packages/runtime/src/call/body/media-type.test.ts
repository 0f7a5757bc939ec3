import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertUtf8, parseMediaType } from "./media-type.ts";

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);

describe("parseMediaType", () => {
  it("reads type and parameters, names in lower case, values as they came", () => {
    const { type, parameters } = parseMediaType('Multipart/Form-Data; Boundary="a b\\"c";charset=UTF-8 ;');
    expect(type).toBe("multipart/form-data");
    expect([...parameters]).toEqual([
      ["boundary", 'a b"c'],
      ["charset", "UTF-8"],
    ]);
  });

  it.each([
    "",
    "json",
    "text/",
    "/json",
    "text/plain text/html",
    "text/plain, text/html",
    "text/plain; charset",
    "text/plain; charset=",
    'text/plain; charset="utf-8',
    "text/plain; charset=utf-8; charset=latin1",
    "text/pl ain",
    "text/plain\u0000",
  ])("refuses %j as unreadable", (header) => {
    expect(() => parseMediaType(header)).toThrow(expect.objectContaining({ code: "UNSUPPORTED_MEDIA_TYPE" }));
  });

  it("gives back every parameter that was quoted by the rules", () => {
    const value = fc.stringMatching(/^[\t\x20-\x7e]{0,20}$/);
    fc.assert(
      fc.property(
        token,
        token,
        fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name.toLowerCase() }),
        (main, sub, given) => {
          const header = `${main}/${sub}${given.map(([name, text]) => ` ; ${name}="${text.replaceAll(/["\\]/g, "\\$&")}"`).join("")}`;
          const { type, parameters } = parseMediaType(header);
          expect(type).toBe(`${main}/${sub}`.toLowerCase());
          expect([...parameters]).toEqual(given.map(([name, text]) => [name.toLowerCase(), text]));
        },
      ),
    );
  });

  it("answers any text with a media type or UNSUPPORTED_MEDIA_TYPE", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z/;="\\, ]{0,30}$/)), (header) => {
        try {
          expect(parseMediaType(header).type).toMatch(/^[^/]+\/[^/]+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
        }
      }),
    );
  });
});

describe("assertUtf8", () => {
  it.each(["text/csv", "text/plain; charset=utf-8", 'text/plain; charset="UTF8"', "text/plain; charset=us-ascii"])(
    "takes %s",
    (header) => {
      expect(() => assertUtf8(parseMediaType(header))).not.toThrow();
    },
  );

  it("refuses text in another character set and says which one is understood", () => {
    expect(() => assertUtf8(parseMediaType("text/csv; charset=iso-8859-1"))).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_MEDIA_TYPE",
        message: "the charset of text/csv must be utf-8, no other is understood",
      }),
    );
  });
});
