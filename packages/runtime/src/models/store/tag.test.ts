import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInnerPath } from "./manifest.ts";
import { isTag, parseExactTag, parseTag } from "./tag.ts";

describe("parseTag", () => {
  it("takes a version, latest or none", () => {
    expect(parseTag("fraud:1.0.0")).toEqual({ name: "fraud", version: "1.0.0" });
    expect(parseTag("fraud_v2.big-one:latest")).toEqual({ name: "fraud_v2.big-one", version: undefined });
    expect(parseTag("fraud")).toEqual({ name: "fraud", version: undefined });
  });

  it.each([
    "",
    ":1",
    "fraud:",
    "Fraud:1",
    "../x:1",
    "a/b:1",
    ".hidden:1",
    "-x:1",
    "a:1:2",
    "a:b c",
    "a:\u0000",
    `${"a".repeat(129)}:1`,
  ])("refuses %j", (text) => {
    expect(() => parseTag(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("expected a tag name:version of lower-case"),
      }),
    );
    expect(isTag(text)).toBe(false);
  });

  it("asks for a version where one is needed", () => {
    expect(parseExactTag("fraud:1")).toEqual({ name: "fraud", version: "1" });
    for (const text of ["fraud", "fraud:latest"]) {
      expect(() => parseExactTag(text)).toThrow(
        expect.objectContaining({ message: `"${text}": expected a tag with its version, such as fraud:1.0.0` }),
      );
    }
  });
});

describe("isTag", () => {
  it.each(["models/m.onnx", "m.onnx", "C:\\m.onnx", "https://x", "/abs/m:1", "./m:1"])(
    "takes %j for a path",
    (text) => {
      expect(isTag(text)).toBe(false);
    },
  );
});

describe("isInnerPath", () => {
  it.each(["model.onnx", "a/b.bin", "weights…", "a b"])("takes %j", (path) => expect(isInnerPath(path)).toBe(true));

  it.each(["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\\..\\b", "C:x", "a\u0000b", "a\nb", 5, null])(
    "refuses %j",
    (path) => expect(isInnerPath(path)).toBe(false),
  );

  it("takes no path that leaves its folder", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "\\", "/"), fc.string());
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const path = parts.join("/");
        if (!isInnerPath(path)) return;
        const depth = path.split("/").map((name) => (name === ".." ? -1 : 1));
        expect(path.startsWith("/") || depth.includes(-1)).toBe(false);
      }),
    );
  });
});
