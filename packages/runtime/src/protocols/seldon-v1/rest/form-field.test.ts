import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formField } from "./form-field.ts";

describe("formField", () => {
  it.each([
    ["json=%7B%7D", "{}"],
    ["a=1&json=x+y%2Bz&json=other", "x y+z"],
    ["json=", ""],
    ["json", undefined],
    ["jsonx=1&xjson=2", undefined],
    ["&&json=1&&", "1"],
    ["", undefined],
    ["a=json=1", undefined],
    ["json=h%C3%A9", "hé"],
  ])("finds in %j the field %j", (text, value) => {
    expect(formField(text, "json")).toBe(value);
  });

  it("finds what the platform's own parser finds", () => {
    const name = fc.oneof(fc.constant("json"), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: "binary-ascii" }))), (fields) => {
        const text = new URLSearchParams(fields).toString();
        expect(formField(text, "json") ?? null).toBe(new URLSearchParams(text).get("json"));
      }),
    );
  });
});
