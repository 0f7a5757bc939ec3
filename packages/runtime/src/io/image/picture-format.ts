import type { ImageFormat } from "../types.ts";

/** What the first bytes of a file say that it is: a format that is read, or the name of one that is not. */
export type DetectedFormat = { readonly format: ImageFormat } | { readonly format: undefined; readonly name: string };

/** Every format that is read. */
export const IMAGE_FORMATS: readonly ImageFormat[] = ["png", "jpeg", "webp", "gif", "tiff", "avif"];

const SIGNATURES: readonly (readonly [ImageFormat, RegExp])[] = [
  ["png", /^\x89PNG\r\n\x1a\n/],
  ["jpeg", /^\xff\xd8\xff/],
  ["webp", /^RIFF[^]{4}WEBP/],
  ["gif", /^GIF8[79]a/],
  ["tiff", /^(?:II\*\0|MM\0\*|II\+\0|MM\0\+)/],
  ["avif", /^[^]{4}ftyp(?:avif|avis|(?:mif1|msf1|miaf)[^]{4}(?:[^]{4})*?avi[fs])/],
];

const FOREIGN: readonly (readonly [string, RegExp])[] = [
  ["an SVG drawing", /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^]*?<svg|<!--[^]*?<svg|<!DOCTYPE svg|<svg)/i],
  ["a PDF document", /^%PDF-/],
  ["a BMP picture", /^BM[^]{4}\0{4}/],
  ["an icon", /^\0\0[\x01\x02]\0/],
  ["a HEIC picture", /^[^]{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)/],
  ["an MP4 or QuickTime video", /^[^]{4}ftyp/],
  ["a JPEG XL picture", /^(?:\xff\x0a|\0\0\0\x0cJXL )/],
  ["a JPEG 2000 picture", /^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ["a Photoshop file", /^8BPS/],
  ["a Netpbm picture", /^P[1-7]\s/],
  ["a ZIP archive", /^PK\x03\x04/],
  ["a web page", /^\s*(?:<!DOCTYPE html|<html)/i],
];

const HEAD_BYTES = 512;

/** Tells a picture's format by its content; the name and the media type that came with it count for nothing. */
export function detectFormat(bytes: Uint8Array): DetectedFormat {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString("latin1");
  const known = SIGNATURES.find(([, signature]) => signature.test(head));
  if (known !== undefined) return { format: known[0] };
  const foreign = FOREIGN.find(([, signature]) => signature.test(head));
  return { format: undefined, name: bytes.length === 0 ? "an empty file" : (foreign?.[0] ?? "not a picture") };
}
