import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, decodeBase64Text } from "./base64.ts";

const refusal = (message: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    problems: [{ path: "/image", message: expect.stringContaining(message) }],
  });

describe("decodeBase64", () => {
  // RFC 4648, section 10.
  it.each([
    ["", ""],
    ["Zg==", "f"],
    ["Zm8=", "fo"],
    ["Zm9v", "foo"],
    ["Zm9vYg==", "foob"],
    ["Zm9vYmE=", "fooba"],
    ["Zm9vYmFy", "foobar"],
  ])("reads %j", (text, expected) => {
    expect(Buffer.from(decodeBase64(text, "")).toString()).toBe(expected);
  });

  it.each([
    ["Zm9", "3 characters are no multiple of 4"],
    ["Zg", "2 characters are no multiple of 4"],
    ["Z g=", '" " at character 2'],
    ["Zm9v\n", '"\\n" at character 5'],
    ["Zm\u00e99v==", '"é" at character 3'],
    ["Zg==Zg==", '"=" at character 3'],
    ["====", '"=" at character 1'],
    ["Z===", '"=" at character 2'],
    ["-_-_", '"-" at character 1'],
    ["Zh==", "the last group is not one that an encoder writes"],
    ["Zm9=", "the last group is not one that an encoder writes"],
  ])("refuses %j and says why", (text, message) => {
    expect(() => decodeBase64(text, "/image")).toThrow(refusal(message));
  });

  it("reads back every encoding, and refuses every text that is no encoding of what it would decode to", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...decodeBase64(Buffer.from(bytes).toString("base64"), "")]).toEqual([...bytes]);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-D+/=_ -]{0,9}$/)), (text) => {
        const isEncoding = Buffer.from(text, "base64").toString("base64") === text;
        if (isEncoding) expect(Buffer.from(decodeBase64(text, "")).toString("base64")).toBe(text);
        else expect(() => decodeBase64(text, "/image")).toThrow(refusal("not base64"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("decodeBase64Text", () => {
  it.each([
    ["data:image/PNG;base64,Zm9v", "image/png"],
    ["data:text/csv;charset=utf-8;base64,Zm9v", "text/csv"],
    ["data:;base64,Zm9v", undefined],
    ["Zm9v", undefined],
  ])("reads %s", (text, mediaType) => {
    const decoded = decodeBase64Text(text, "");
    expect(Buffer.from(decoded.bytes).toString()).toBe("foo");
    expect(decoded.mediaType).toBe(mediaType);
  });

  it.each(["data:image/png,Zm9v", "data:image/png;base64", "data:image;base64,Zm9v", "data:base64,Zm9v"])(
    "refuses %s",
    (text) => {
      expect(() => decodeBase64Text(text, "/image")).toThrow(refusal("expected a data URL"));
    },
  );

  it("refuses foreign characters behind the head of a data URL", () => {
    expect(() => decodeBase64Text("data:image/png;base64,Zm 9", "/image")).toThrow(refusal("not base64"));
  });
});
