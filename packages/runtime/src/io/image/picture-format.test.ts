import { describe, expect, it } from "vitest";
import { detectFormat } from "./picture-format.ts";

const ftyp = (...brands: string[]): string => `\0\0\0\x20ftyp${brands[0] ?? ""}\0\0\0\0${brands.slice(1).join("")}`;

describe("detectFormat", () => {
  it.each([
    ["\x89PNG\r\n\x1a\nrest", "png"],
    ["\xff\xd8\xff\xe0", "jpeg"],
    ["RIFF\x10\0\0\0WEBPVP8 ", "webp"],
    ["GIF87a", "gif"],
    ["GIF89a", "gif"],
    ["II*\0", "tiff"],
    ["MM\0*", "tiff"],
    [ftyp("avif"), "avif"],
    [ftyp("mif1", "mif1", "avif", "miaf"), "avif"],
  ])("knows %j", (head, format) => {
    expect(detectFormat(Buffer.from(head, "latin1"))).toEqual({ format });
  });

  it.each([
    ["", "an empty file"],
    ["\x89PNG\n\x1a\n", "not a picture"],
    ["RIFF\x10\0\0\0WAVE", "not a picture"],
    ["  <svg width='1'>", "an SVG drawing"],
    ["\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<SVG>", "an SVG drawing"],
    ["%PDF-1.4", "a PDF document"],
    ["BM\x36\0\0\0\0\0\0\0", "a BMP picture"],
    [ftyp("heic"), "a HEIC picture"],
    [ftyp("mif1", "heic"), "a HEIC picture"],
    [ftyp("isom", "avc1"), "an MP4 or QuickTime video"],
    ["\0\0\x01\0", "an icon"],
    ["P6\n2 2", "a Netpbm picture"],
    ["PK\x03\x04", "a ZIP archive"],
    ["<!DOCTYPE html>", "a web page"],
  ])("names %j that is not read", (head, name) => {
    expect(detectFormat(Buffer.from(head, "latin1"))).toEqual({ format: undefined, name });
  });
});
