import { blackPng } from "./png.ts";

/** One good call of each API: JSON unless it says otherwise. */
export interface GoodCall {
  readonly path: string;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** A small whole picture. */
export const PNG = blackPng(2, 2);

/** What /person takes. */
export const PERSON = { name: "Anna", age: 30, kind: "cat", address: { city: "Ulm", zip: "89073" } };
/** A row of what /frame takes. */
export const FRAME_ROW = { a: 1.5, b: 2, n: 9007199254740991, k: 3, ok: true, label: "red", note: "x" };

/** Boundary of the good form. */
export const BOUNDARY = "b0undary";
const formBody = Buffer.concat([
  Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="picture"; filename="p.png"\r\n\r\n`),
  PNG,
  Buffer.from(
    `\r\n--${BOUNDARY}\r\ncontent-disposition: form-data; name="meta"\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(PERSON)}\r\n--${BOUNDARY}--\r\n`,
  ),
]);

const json = (path: string, value: unknown): GoodCall => ({
  path,
  contentType: "application/json",
  body: JSON.stringify(value),
});

/** A good call for every API, by name. */
export const GOOD = {
  frame: json("/frame", { df: [FRAME_ROW, { ...FRAME_ROW, note: null }] }),
  frameCsv: { path: "/frame", contentType: "text/csv", body: "a,b,n,k,ok,label,note\n1,2,3,4,true,red,x\n" },
  rows: json("/rows", [[1, 2, 3, 4]]),
  rowsRaw: { path: "/rows", contentType: "application/octet-stream", body: new Uint8Array(16) },
  int64: { path: "/int64", contentType: "application/json", body: "[9223372036854775807,-1]" },
  uint8: json("/uint8", [0, 255]),
  float16: json("/float16", [0.5, 65504]),
  bool: json("/bool", [true, false]),
  string: json("/string", ["a", "ü"]),
  number: json("/number", 1.5),
  pair: json("/pair", { a: [[1, 2, 3, 4]], b: [[1, 2, 3, 4]] }),
  scaled: json("/scaled", { factor: 2, x: [1, 2] }),
  picture: { path: "/picture", contentType: "image/png", body: PNG },
  pictureJson: json("/picture", { image: PNG.toString("base64") }),
  upload: { path: "/upload", contentType: "application/pdf", body: "%PDF-1.7" },
  document: { path: "/document", contentType: "text/csv", body: "a,b" },
  words: { path: "/words", contentType: "text/plain", body: "hello" },
  blob: { path: "/blob", contentType: "application/octet-stream", body: new Uint8Array([0, 255]) },
  form: { path: "/form", contentType: `multipart/form-data; boundary=${BOUNDARY}`, body: formBody },
  person: json("/person", { ...PERSON, tags: ["x"] }),
  zodded: json("/zodded", { id: 1, mail: "a@example.org", when: "2026-01-02" }),
  count: json("/count", 3),
} as const satisfies Record<string, GoodCall>;
