import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { GOOD } from "../good-calls.ts";
import { type HostileRequest, JSON_TYPE } from "./hostile-request.ts";

const GOOD_ROWS = Buffer.from(GOOD.rows.body);
const MIB = 1024 * 1024;

function coded(
  name: string,
  coding: string,
  body: HostileRequest["body"] & {},
  expected: Pick<HostileRequest, "status" | "says"> & { readonly path?: string; readonly type?: string },
): HostileRequest {
  const { path = "/rows", type = "application/json", status, says } = expected;
  return {
    name: `${coding}: ${name} to ${path} as ${type}`,
    path,
    headers: [
      ["content-type", type],
      ["content-encoding", coding],
    ],
    body,
    status,
    says,
  };
}

// At its usual effort it takes seconds for a bomb.
const quickBrotli = (bytes: Uint8Array): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

const CODERS = { gzip: gzipSync, "x-gzip": gzipSync, deflate: deflateSync, br: quickBrotli } as const;
type Coding = keyof typeof CODERS;
const NAMES = Object.keys(CODERS) as Coding[];

const damagedAs = (coding: string): Pick<HostileRequest, "status" | "says"> => ({
  status: 400,
  says: new RegExp(`not valid ${coding}: it is cut short or damaged|empty body`),
});

/** What each coding can be made to look like without being whole. */
const DAMAGED: readonly HostileRequest[] = NAMES.flatMap((coding) => {
  const whole = CODERS[coding](GOOD_ROWS);
  const cuts = Array.from({ length: whole.length }, (_, length) =>
    coded(`cut at byte ${length}`, coding, whole.subarray(0, length), damagedAs(coding)),
  );
  return [
    ...cuts,
    coded("plain bytes", coding, GOOD_ROWS, damagedAs(coding)),
    coded(
      "noise",
      coding,
      Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 73 + 41) % 256)),
      damagedAs(coding),
    ),
    coded("null bytes", coding, Buffer.alloc(1000), { status: 400, says: /not valid|JSON|empty/ }),
    coded("something behind", coding, Buffer.concat([whole, Buffer.from("garbage")]), damagedAs(coding)),
    coded(
      "broken in the middle",
      coding,
      Buffer.concat([whole.subarray(0, 12), Buffer.from([0xff, 0xff, 0xff]), whole.subarray(15)]),
      {
        status: 400,
        says: /not valid|JSON|UTF-8|expected/,
      },
    ),
    coded("twice", coding, CODERS[coding](whole), { status: 400, says: /byte \d+: not valid UTF-8|not valid JSON/ }),
    coded("nothing inside", coding, CODERS[coding](Buffer.alloc(0)), { status: 400, says: /empty body/ }),
  ];
});

/** Small bodies that grow past every limit: 17 MiB of JSON, 129 MiB of bytes. */
const BOMBS: readonly HostileRequest[] = NAMES.flatMap((coding) => [
  coded("17 MiB of spaces", coding, () => CODERS[coding](Buffer.alloc(17 * MIB, " ")), {
    status: 413,
    says: /more than 16777216 bytes, the limit set by server\.limits\.json/,
  }),
  coded("a bomb in a bomb", coding, () => CODERS[coding](CODERS[coding](Buffer.alloc(17 * MIB, " "))), {
    status: 400,
    says: /UTF-8|not valid JSON/,
  }),
]);

const HUGE: readonly HostileRequest[] = [
  coded("129 MiB of zeros", "gzip", () => gzipSync(Buffer.alloc(129 * MIB), { level: 1 }), {
    path: "/blob",
    type: "application/octet-stream",
    status: 413,
    says: /more than 134217728 bytes, the limit set by server\.limits\.binary/,
  }),
  coded("129 MiB of zeros", "br", () => quickBrotli(Buffer.alloc(129 * MIB)), {
    path: "/upload",
    type: "application/pdf",
    status: 413,
    says: /server\.limits\.binary/,
  }),
];

const UNKNOWN = [
  "zstd",
  "compress",
  "x-compress",
  "identity, gzip",
  "gzip, gzip",
  "gzip, br",
  "gzip,identity",
  "deflate, gzip, br",
  "gzip;q=1",
  "gzip gzip",
  '"gzip"',
  "GZIP2",
  "*",
  "aes128gcm",
  "exi",
  "pack200-gzip",
  "dcb",
  "toString",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "a".repeat(10_000),
  ",",
  ";",
  "br\u00e9",
];

/** Bodies in content codings: cut short, damaged, bombs, unknown. */
export const CODINGS: readonly HostileRequest[] = [
  ...DAMAGED,
  ...BOMBS,
  ...HUGE,
  ...UNKNOWN.map((coding) =>
    coded("any body", coding, GOOD_ROWS, {
      status: 415,
      says: /content encoding must be one of gzip, deflate, br or none/,
    }),
  ),
  coded("raw deflate", "deflate", deflateRawSync(GOOD_ROWS), damagedAs("deflate")),
  coded("zstd bytes", "gzip", zstdCompressSync(GOOD_ROWS), damagedAs("gzip")),
  coded("gzip bytes", "br", gzipSync(GOOD_ROWS), damagedAs("br")),
  coded("gzip bytes", "deflate", gzipSync(GOOD_ROWS), damagedAs("deflate")),
  {
    name: "gzip bytes without Content-Encoding",
    path: "/rows",
    headers: [JSON_TYPE],
    body: gzipSync(GOOD_ROWS),
    status: 400,
    says: /not valid UTF-8/,
  },
  {
    name: "two Content-Encoding headers",
    path: "/rows",
    headers: [JSON_TYPE, ["content-encoding", "gzip"], ["content-encoding", "gzip"]],
    body: gzipSync(GOOD_ROWS),
    status: 415,
    says: /content encoding/,
  },
];
