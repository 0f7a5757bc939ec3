import { BOUNDARY, GOOD } from "../good-calls.ts";
import { gzipSync } from "node:zlib";
import { type HostileRequest, JSON_TYPE } from "./hostile-request.ts";

const MIB = 1024 * 1024;

/** The chunks of HTTP/1.1 that hold a body. */
function inChunks(body: Uint8Array, size = 65_536): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), Buffer.from(part), Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

const JSON_LIMIT = /more than 16777216 bytes, the limit set by server\.limits\.json/;
const BINARY_LIMIT = /more than 134217728 bytes, the limit set by server\.limits\.binary/;

interface TooLong {
  readonly path: string;
  readonly type: string;
  readonly limit: number;
  readonly says: RegExp;
}

const TOO_LONG: readonly TooLong[] = [
  { path: "/rows", type: "application/json", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/frame", type: "application/json", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/frame", type: "text/csv", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/words", type: "text/plain", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/person", type: "application/json", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/count", type: "application/json", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/picture", type: "application/json", limit: 16 * MIB, says: JSON_LIMIT },
  { path: "/rows", type: "application/octet-stream", limit: 128 * MIB, says: BINARY_LIMIT },
  { path: "/blob", type: "application/octet-stream", limit: 128 * MIB, says: BINARY_LIMIT },
  { path: "/picture", type: "image/png", limit: 128 * MIB, says: BINARY_LIMIT },
  { path: "/upload", type: "application/pdf", limit: 128 * MIB, says: BINARY_LIMIT },
  { path: "/form", type: `multipart/form-data; boundary=${BOUNDARY}`, limit: 128 * MIB, says: BINARY_LIMIT },
];

const ANNOUNCED: readonly HostileRequest[] = TOO_LONG.flatMap(({ path, type, limit, says }) =>
  [limit + 1, 2 ** 32 + 1, 10 ** 15 - 1].map((length): HostileRequest => ({
    name: `${length} bytes of ${type} announced to ${path}`,
    path,
    // The server is the one to end it: nothing of the body ever comes.
    headers: [
      ["content-type", type],
      ["content-length", String(length)],
    ],
    body: "x",
    status: 413,
    says,
  })),
);

const COUNTED: readonly HostileRequest[] = TOO_LONG.filter(({ limit }) => limit === 16 * MIB).map(
  ({ path, type, limit, says }) => ({
    name: `${limit + 1} bytes of ${type} in chunks to ${path}`,
    path,
    headers: [
      ["content-type", type],
      ["transfer-encoding", "chunked"],
    ],
    body: () => inChunks(Buffer.alloc(limit + 1, " ")),
    status: 413,
    says,
  }),
);

const TIMES = [
  "",
  " ",
  "soon",
  "0",
  "00",
  "-1",
  "+1",
  "1.5",
  "1e3",
  "0x10",
  "1000000000",
  "9".repeat(100),
  "NaN",
  "Infinity",
  "1, 2",
  "1 2",
  "null",
  "500ms",
  "1;q=1",
];

/** Bodies that are longer than allowed or than announced, and times that can't be read. */
export const LENGTHS: readonly HostileRequest[] = [
  ...ANNOUNCED,
  ...COUNTED,
  {
    name: "empty gzip members without end",
    path: "/rows",
    headers: [JSON_TYPE, ["content-encoding", "gzip"], ["transfer-encoding", "chunked"]],
    body: () => inChunks(Buffer.alloc(17 * MIB, gzipSync(Buffer.alloc(0)))),
    status: 413,
    says: JSON_LIMIT,
  },
  {
    name: "a length of sixteen digits",
    path: "/rows",
    headers: [JSON_TYPE, ["content-length", "9007199254740993"]],
    body: "x",
    status: 400,
    says: /content length/,
  },
  {
    name: "no body where one is due",
    path: "/rows",
    headers: [JSON_TYPE],
    status: 400,
    says: /empty body/,
  },
  {
    name: "an empty body in chunks",
    path: "/rows",
    headers: [JSON_TYPE, ["transfer-encoding", "chunked"]],
    body: "0\r\n\r\n",
    status: 400,
    says: /empty body/,
  },
  {
    name: "chunks of one byte that are no JSON",
    path: "/rows",
    headers: [JSON_TYPE, ["transfer-encoding", "chunked"]],
    body: inChunks(Buffer.from("[".repeat(2_000)), 1),
    status: 400,
    says: /not valid JSON|nested/,
  },
  {
    name: "raw rows of 17 bytes",
    path: "/rows",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array(17),
    status: 400,
    says: /expected a multiple of 16 bytes for float32 \[-1,4\], got 17/,
  },
  ...[1, 7, 9].map((length): HostileRequest => ({
    name: `raw int64 of ${length} bytes`,
    path: "/int64",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array(length),
    status: 400,
    says: /expected a multiple of 8 bytes/,
  })),
  {
    name: "raw truths of 2",
    path: "/bool",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array([0, 1, 2]),
    status: 400,
    says: /expected bytes 0 or 1 for bool, got 2 in element 2/,
  },
  {
    name: "raw rows with NaN",
    path: "/rows",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array(Float32Array.of(1, 2, NaN, 4).buffer),
    status: 400,
    says: /expected finite numbers, element 2 is none/,
  },
  {
    name: "raw float16 with infinity",
    path: "/float16",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array([0, 0xfc]),
    status: 400,
    says: /expected finite numbers, element 0 is none/,
  },
  {
    name: "raw strings",
    path: "/string",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array([1, 0, 0, 0, 65]),
    status: 415,
    says: /application\/json/,
  },
  ...[0, 3, 5].map((length): HostileRequest => ({
    name: `a raw scalar of ${length} bytes`,
    path: "/number",
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array(length),
    status: 400,
    says: /expected 4 bytes/,
  })),
  ...["/rows", "/count"].flatMap((path) =>
    TIMES.map((time): HostileRequest => ({
      name: `X-Request-Timeout-Ms ${time.slice(0, 20)} to ${path}`,
      path,
      headers: [JSON_TYPE, ["x-request-timeout-ms", time]],
      body: path === "/rows" ? GOOD.rows.body : GOOD.count.body,
      status: 400,
      says: /X-Request-Timeout-Ms: expected whole milliseconds from 1 to 999999999/,
    })),
  ),
];
