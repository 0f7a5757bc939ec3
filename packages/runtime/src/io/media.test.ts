import { describe, expect, it } from "vitest";
import { bytes } from "./bytes.ts";
import { file } from "./file.ts";
import { image } from "./image/image.ts";
import { consumesOf, fitsMediaTypes, producesOf } from "./media.ts";
import { text } from "./text.ts";

describe("consumesOf and producesOf", () => {
  it.each([
    [text().spec, ["text/plain", "application/json"], ["text/plain", "application/json"]],
    [bytes().spec, ["application/octet-stream", "application/json"], ["application/octet-stream", "application/json"]],
    [
      bytes({ mediaType: "audio/wav" }).spec,
      ["audio/wav", "application/octet-stream", "application/json"],
      ["audio/wav", "application/json"],
    ],
    [file().spec, ["*/*", "multipart/form-data", "application/json"], ["application/octet-stream", "application/json"]],
    [
      file({ mediaTypes: ["image/*", "text/csv"] }).spec,
      ["image/*", "text/csv", "multipart/form-data", "application/json"],
      ["text/csv", "application/json"],
    ],
    [
      image().spec,
      ["image/*", "application/octet-stream", "multipart/form-data", "application/json"],
      ["image/png", "application/json"],
    ],
    [
      { kind: "tensor", dtype: "int64", shape: [null, 2] } as const,
      ["application/json", "application/octet-stream"],
      ["application/json", "application/octet-stream"],
    ],
    [
      { kind: "tensor", dtype: "int64", shape: [null, null] } as const,
      ["application/json"],
      ["application/json", "application/octet-stream"],
    ],
    [{ kind: "tensor", dtype: "string", shape: [2] } as const, ["application/json"], ["application/json"]],
    [{ kind: "json", schema: {} } as const, ["application/json"], ["application/json"]],
    [{ kind: "multipart", fields: {} } as const, ["multipart/form-data", "application/json"], ["application/json"]],
  ])("of %j", (spec, consumes, produces) => {
    expect(consumesOf(spec)).toEqual(consumes);
    expect(producesOf(spec)).toEqual(produces);
  });
});

describe("fitsMediaTypes", () => {
  it("compares types and families whole", () => {
    expect(fitsMediaTypes("image/png", ["text/csv", "image/*"])).toBe(true);
    expect(fitsMediaTypes("image/png", ["*/*"])).toBe(true);
    expect(fitsMediaTypes("images/png", ["image/*"])).toBe(false);
    expect(fitsMediaTypes("image/png", ["image/pn"])).toBe(false);
  });
});
