import { deflateSync } from "node:zlib";
import { PNG } from "../good-calls.ts";
import { blackPng, png, pngChunk, pngHeader } from "../png.ts";
import { type HostileRequest, JSON_TYPE } from "./hostile-request.ts";

const DAMAGED = /damaged or cut short|not a picture|an empty file/;
const IEND = pngChunk("IEND", Buffer.alloc(0));
const header = (...size: Parameters<typeof pngHeader>): Buffer => pngChunk("IHDR", pngHeader(...size));
const data = (bytes: Uint8Array): Buffer => pngChunk("IDAT", deflateSync(bytes));

function picture(name: string, body: HostileRequest["body"] & {}, says: RegExp): HostileRequest {
  return {
    name: `picture: ${name}`,
    path: "/picture",
    headers: [["content-type", "image/png"]],
    body,
    status: 400,
    says,
  };
}

function withByte(at: number, value: number): Buffer {
  const copy = Buffer.from(PNG);
  copy[at] = value;
  return copy;
}

/** Files that are no picture, or none that is taken, by their first bytes. */
const FOREIGN: Readonly<Record<string, string | Uint8Array>> = {
  nothing: "",
  text: "hello",
  "an SVG drawing": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  "an SVG with an entity bomb":
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
  "an SVG that reads a file":
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>',
  "an SVG that fetches": '<svg><image href="http://169.254.169.254/latest/meta-data"/></svg>',
  "a web page": "<!DOCTYPE html><html></html>",
  "a PDF": "%PDF-1.7\n",
  PostScript: "%!PS-Adobe-3.0 EPSF-3.0\n",
  "an ImageMagick script": "push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x.jpg\"|id\")'",
  "an ImageMagick label": "label:@/etc/passwd",
  "a BMP": Buffer.concat([Buffer.from("BM"), Buffer.alloc(100)]),
  "an icon": Buffer.from([0, 0, 1, 0, 1, 0]),
  "a Photoshop file": "8BPS\0\x01",
  "a Netpbm picture": "P6\n1 1\n255\n\0\0\0",
  "a JPEG 2000": Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20]),
  "a JPEG XL": Buffer.from([0xff, 0x0a, 0, 0]),
  "a HEIC": Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic"), Buffer.alloc(12)]),
  "an MP4": Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypisom"), Buffer.alloc(12)]),
  "a ZIP": "PK\x03\x04",
  "an ELF": "\x7fELF",
  "a Java class": Buffer.from([0xca, 0xfe, 0xba, 0xbe]),
  "a FITS": "SIMPLE  =                    T",
  "a Matlab file": "MATLAB 5.0 MAT-file",
  "an OpenEXR": Buffer.from([0x76, 0x2f, 0x31, 0x01]),
  "a NIfTI": Buffer.alloc(352),
  "a vips file": Buffer.from([0xb6, 0xa6, 0xf2, 0x08, 0, 0, 0, 1]),
  "a CSV": "1,2,3\n4,5,6\n",
  "a DICOM": Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]),
};

/** Beginnings of each format with nothing whole behind them. */
const HEADS: Readonly<Record<string, Buffer>> = {
  PNG: PNG.subarray(0, 8),
  JPEG: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]),
  GIF: Buffer.from("GIF89a"),
  WebP: Buffer.from("RIFF\x1a\0\0\0WEBPVP8 "),
  TIFF: Buffer.from("II*\0\x08\0\0\0"),
  BigTIFF: Buffer.from("II+\0\x08\0\0\0"),
  AVIF: Buffer.concat([Buffer.from([0, 0, 0, 28]), Buffer.from("ftypavif"), Buffer.alloc(16)]),
};

const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 167 + 13) % 256));

/** PNG chunks that are put together wrongly. */
const PNGS: Readonly<Record<string, Buffer>> = {
  "without data": png(header(2, 2), IEND),
  "without header": png(data(Buffer.alloc(14)), IEND),
  "with the header behind the data": png(data(Buffer.alloc(14)), header(2, 2), IEND),
  "with no width": png(header(0, 2), data(Buffer.alloc(14)), IEND),
  "with no height": png(header(2, 0), data(Buffer.alloc(14)), IEND),
  "with a width of 2³¹": png(header(2 ** 31, 2), data(Buffer.alloc(14)), IEND),
  "with a colour type that nobody knows": png(header(2, 2, { colour: 9 }), data(Buffer.alloc(14)), IEND),
  "with 3 bits a channel": png(header(2, 2, { depth: 3 }), data(Buffer.alloc(14)), IEND),
  "with too little data": png(header(2, 2), data(Buffer.alloc(3)), IEND),
  "with data that is not compressed": png(header(2, 2), pngChunk("IDAT", Buffer.alloc(14)), IEND),
  "with data cut short": png(header(2, 2), pngChunk("IDAT", deflateSync(Buffer.alloc(14)).subarray(0, 5)), IEND),
  "with a filter that nobody knows": png(header(2, 2), data(Buffer.alloc(14, 9)), IEND),
  "with a palette missing": png(header(2, 2, { colour: 3 }), data(Buffer.alloc(6)), IEND),
  "with a chunk that is longer than the file": Buffer.concat([
    png(header(2, 2)),
    Buffer.from([0x7f, 0xff, 0xff, 0xff]),
    Buffer.from("IDAT"),
  ]),
  "with a critical chunk that nobody knows": png(
    header(2, 2),
    pngChunk("EVIL", Buffer.alloc(10)),
    data(Buffer.alloc(14)),
    IEND,
  ),
  "with a wrong checksum of the header": withByte(29, PNG.readUInt8(29) ^ 0xff),
  "with a wrong checksum of the data": withByte(PNG.length - 13, PNG.readUInt8(PNG.length - 13) ^ 0xff),
};

/** Base64 that an encoder never writes. */
const BASE64: Readonly<Record<string, string>> = {
  "a letter": "A",
  "no padding": "QQ",
  "half the padding": "QQ=",
  "padding alone": "====",
  "padding in front": "=QQ=",
  "padding in the middle": "QQ==QQ==",
  "too much padding": "QUFB====",
  "stray bits": "QR==",
  "the alphabet of URLs": "_-8=",
  spaces: "QU FB",
  "line breaks": "QUFB\\r\\nQUFB",
  "a null byte": "QUFB\\u0000",
  "no base64": "hello!",
  "letters of another script": "ÄÖÜß",
  "full-width letters": "ＱＵＦＢ",
  "quoted base64": '\\"QUFB\\"',
  hexadecimal: "0x89504e47",
  "a data URL without data": "data:",
  "a data URL without base64": "data:image/png,abc",
  "a data URL of text": "data:,hello",
  "a data URL with a space": "data: image/png;base64,QUFB",
  "a data URL with many parameters": `data:image/png${";a=b".repeat(300)};base64,QUFB`,
  "a data URL with bad base64": "data:image/png;base64,QQ",
  "a data URL in a data URL": "data:image/png;base64,data:image/png;base64,QUFB",
  "a link": "https://169.254.169.254/latest/meta-data",
  "a file's link": "file:///etc/passwd",
  "a path": "/etc/passwd",
};

/** Pictures that are none, damaged, or far larger than they look; base64 that is none. */
export const PICTURES: readonly HostileRequest[] = [
  ...Object.entries(FOREIGN).map(([name, body]) =>
    picture(name, body, /expected a picture \(png, jpeg, webp, gif, tiff, avif\), got/),
  ),
  ...Object.entries(HEADS).flatMap(([name, head]) => [
    picture(`the head of a ${name}`, head, DAMAGED),
    picture(`the head of a ${name}, then noise`, Buffer.concat([head, noise(5_000)]), DAMAGED),
    picture(`the head of a ${name}, then null bytes`, Buffer.concat([head, Buffer.alloc(5_000)]), DAMAGED),
  ]),
  ...Object.entries(PNGS).map(([name, body]) => picture(`a PNG ${name}`, body, /damaged or cut short|pixels/)),
  ...Array.from({ length: PNG.length - 12 }, (_, length) => length)
    .filter((length) => length % 2 === 0)
    .map((length) => picture(`a PNG cut at byte ${length}`, PNG.subarray(0, length), DAMAGED)),
  ...[1001, 16_384, 65_535, 2 ** 31 - 1].flatMap((side) => [
    picture(
      `a PNG said to be ${side} high and wide`,
      png(header(side, side), data(Buffer.alloc(100)), IEND),
      /pixels|damaged/,
    ),
    picture(
      `a PNG said to be ${side} by 1,000`,
      png(header(side, 1_000), data(Buffer.alloc(100)), IEND),
      /pixels|damaged/,
    ),
  ]),
  picture("a bomb of 400 million pixels in 400 KB", () => blackPng(20_000, 7_000), /a picture of 20000×7000 pixels/),
  picture("two pictures behind each other, the first cut", Buffer.concat([PNG.subarray(0, 40), PNG]), DAMAGED),
  ...["/picture", "/upload", "/blob"].flatMap((path) =>
    Object.entries(BASE64).map(([name, text]): HostileRequest => ({
      name: `base64: ${name} to ${path}`,
      path,
      headers: [JSON_TYPE],
      body: `"${text}"`,
      status: 400,
      says: /base64|data URL/,
    })),
  ),
  {
    name: "base64: a megabyte of padding",
    path: "/blob",
    headers: [JSON_TYPE],
    body: () => `"${"=".repeat(1_000_000)}"`,
    status: 400,
    says: /not base64/,
  },
];
