import { BOUNDARY, GOOD, PERSON, PNG } from "../good-calls.ts";
import type { HostileRequest } from "./hostile-request.ts";

const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const CRLF = "\r\n";

function form(
  name: string,
  body: HostileRequest["body"] & {},
  says: RegExp,
  options: { type?: string; path?: string; status?: number } = {},
): HostileRequest {
  const { type = TYPE, path = "/form", status = 400 } = options;
  return { name: `form: ${name} to ${path}`, path, headers: [["content-type", type]], body, status, says };
}

/** A part with its header lines. */
function part(header: string, content: string | Uint8Array = "x"): Buffer {
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}${CRLF}${header}${CRLF}${CRLF}`, "utf8"),
    Buffer.from(content),
    Buffer.from(CRLF),
  ]);
}
const field = (name: string, content: string | Uint8Array = "x", more = ""): Buffer =>
  part(`content-disposition: form-data; name="${name}"${more}`, content);
const END = Buffer.from(`--${BOUNDARY}--${CRLF}`);
const formOf = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat([...parts, END]);

const picture = field("picture", PNG, `; filename="p.png"${CRLF}content-type: image/png`);
const meta = field("meta", JSON.stringify(PERSON), `${CRLF}content-type: application/json`);

const BOUNDARIES: Readonly<Record<string, string>> = {
  "no boundary": "multipart/form-data",
  "an empty boundary": "multipart/form-data; boundary=",
  "an empty boundary in quotes": 'multipart/form-data; boundary=""',
  "a boundary of 71 characters": `multipart/form-data; boundary=${"b".repeat(71)}`,
  "a boundary of 5,000 characters": `multipart/form-data; boundary=${"b".repeat(5_000)}`,
  "a boundary that ends in a space": 'multipart/form-data; boundary="b "',
  "a boundary without equals sign": "multipart/form-data; boundary",
  "two boundaries": "multipart/form-data; boundary=a; boundary=b",
  "a boundary that does not end": 'multipart/form-data; boundary="b',
  "another parameter alone": "multipart/form-data; charset=utf-8",
};

const DISPOSITIONS: Readonly<Record<string, string>> = {
  "no header": "x-a: b",
  "no name": "content-disposition: form-data",
  "a name without value": "content-disposition: form-data; name",
  "a name that does not end": 'content-disposition: form-data; name="picture',
  "two names": 'content-disposition: form-data; name="picture"; name="meta"',
  "an attachment": 'content-disposition: attachment; name="picture"',
  "form-data with a tail": 'content-disposition: form-datax; name="picture"',
  "two dispositions": `content-disposition: form-data; name="a"${CRLF}content-disposition: form-data; name="b"`,
  "text behind the name": 'content-disposition: form-data; name="a" b',
  "a name of 2 KB": `content-disposition: form-data; name="${"n".repeat(2_000)}"`,
  base64: `content-disposition: form-data; name="meta"${CRLF}content-transfer-encoding: base64`,
  "quoted-printable": `content-disposition: form-data; name="meta"${CRLF}content-transfer-encoding: quoted-printable`,
  "a transfer coding that nobody knows": `content-disposition: form-data; name="meta"${CRLF}content-transfer-encoding: x`,
};

const UNKNOWN_NAMES = [
  "",
  " ",
  "picture ",
  "Picture",
  "pictures",
  "meta[name]",
  "meta.name",
  "__proto__",
  "constructor",
  "toString",
  "picture\\",
  "é",
  "😀",
  "a/b~c",
  "<b>",
  "../x",
  "%70icture",
];

const ALL_PARTS = formOf(picture, meta);

/** Forms that are cut, doubled, nested, endless or lie about themselves. */
export const FORMS: readonly HostileRequest[] = [
  ...Object.entries(BOUNDARIES).map(([name, type]) =>
    form(name, ALL_PARTS, /boundary|content type/i, {
      type,
      status: /two|without|not end/.test(name) || name === "an empty boundary" ? 415 : 400,
    }),
  ),
  ...Object.entries(DISPOSITIONS).map(([name, header]) =>
    form(name, formOf(picture, part(header)), /part 2 of the form/),
  ),
  ...UNKNOWN_NAMES.map((name) =>
    form(`the field ${JSON.stringify(name)}`, formOf(picture, meta, field(name)), /unknown field|part 3/),
  ),
  ...Array.from({ length: 60 }, (_, at) => Math.floor((ALL_PARTS.length - 4) * (at / 60))).map((length) =>
    form(
      `cut at byte ${length}`,
      ALL_PARTS.subarray(0, length),
      /multipart form is not complete|not a|damaged|header has no end|part \d/,
    ),
  ),
  form("empty", "", /multipart form is not complete/),
  form("one line end", CRLF, /multipart form is not complete/),
  form("the last boundary alone", END, /picture this field is missing|not complete/),
  form("no last boundary", Buffer.concat([picture, meta]), /not complete/),
  form("another boundary inside", ALL_PARTS, /not complete/, { type: "multipart/form-data; boundary=other" }),
  form("bare line feeds", ALL_PARTS.toString("latin1").replaceAll(CRLF, "\n"), /not complete|part \d/),
  form("JSON in place of a form", JSON.stringify({ meta: PERSON }), /not complete/),
  form("noise", Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 89 + 7) % 256)), /not complete/),
  form("null bytes", Buffer.alloc(100_000), /not complete/),
  form("boundaries alone", `--${BOUNDARY}${CRLF}`.repeat(1_000), /not complete|part 1/),
  form(
    "10,000 fields",
    () => formOf(...Array.from({ length: 10_000 }, (_, at) => field(`f${at}`))),
    /at most 100 parts/,
  ),
  form("101 fields", formOf(...Array.from({ length: 101 }, (_, at) => field(`f${at}`))), /at most 100 parts/),
  form(
    "100 unknown fields",
    formOf(...Array.from({ length: 100 }, (_, at) => field(`f${at}`))),
    /unknown field.*|and \d+ more/,
  ),
  form(
    "a part with 10,000 headers",
    () => formOf(part(`content-disposition: form-data; name="meta"${CRLF}${`x: y${CRLF}`.repeat(10_000)}x: y`)),
    /part 1|not complete|picture/,
  ),
  form(
    "a header of 1 MB",
    () => formOf(part(`content-disposition: form-data; name="meta"${CRLF}x: ${"y".repeat(1_000_000)}`)),
    /part 1|not complete|picture/,
  ),
  form(
    "a header without end",
    () => Buffer.from(`--${BOUNDARY}${CRLF}content-disposition: form-data; name="${"n".repeat(1_000_000)}`),
    /part 1|not complete/,
  ),
  form(
    "a form in a form",
    formOf(picture, field("meta", formOf(meta), `${CRLF}content-type: multipart/form-data; boundary=${BOUNDARY}`)),
    /not complete|part \d|meta/,
  ),
  form(
    "multipart/mixed in a form",
    formOf(picture, field("meta", "--x\r\n\r\na\r\n--x--", `${CRLF}content-type: multipart/mixed; boundary=x`)),
    /meta/,
  ),
  form("a field twice", formOf(picture, meta, meta), /\/meta this field came twice/),
  form("a picture twice", formOf(picture, picture, meta), /\/picture this field came twice/),
  form("no picture", formOf(meta), /\/picture this field is missing/),
  form("no meta", formOf(picture), /\/meta this field is missing/),
  form("nothing in the picture", formOf(field("picture", "", '; filename="p.png"'), meta), /\/picture .*an empty file/),
  form("text for a picture", formOf(field("picture", "hello"), meta), /\/picture .*expected a picture/),
  form("nothing in meta", formOf(picture, field("meta", "")), /empty body|\/meta/),
  form("text in meta", formOf(picture, field("meta", "hello")), /not valid JSON|\/meta/),
  form("a list in meta", formOf(picture, field("meta", "[]")), /\/meta/),
  form("latin-1 in meta", formOf(picture, field("meta", Buffer.from('{"name":"é"}', "latin1"))), /UTF-8/),
  form("a wrong age in meta", formOf(picture, field("meta", JSON.stringify({ ...PERSON, age: "x" }))), /\/meta\/age/),
  form("__proto__ in meta", formOf(picture, field("meta", '{"__proto__":{"polluted":1}}')), /__proto__/),
  form(
    "deep nesting in meta",
    () => formOf(picture, field("meta", "[".repeat(100_000) + "]".repeat(100_000))),
    /nested/,
  ),
  form("ragged rows", formOf(picture, meta, field("rows", "[[1,2,3,4],[1]]")), /\/rows\/1 expected a list of 4/),
  form(
    "meta in UTF-16",
    formOf(picture, field("meta", "{}", `${CRLF}content-type: application/json; charset=utf-16`)),
    /charset|utf-8/i,
    { status: 415 },
  ),
  form("a remark in latin-1", formOf(picture, meta, field("remark", Buffer.from("é", "latin1"))), /UTF-8/),
  form(
    "a name in latin-1",
    formOf(
      picture,
      Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="m\xe9ta"\r\n\r\nx\r\n`, "latin1"),
    ),
    /part 2 .*not UTF-8/,
  ),
  form(
    "a part whose type can't be read",
    formOf(picture, field("meta", "{}", `${CRLF}content-type: ;;;`)),
    /content type/i,
    { status: 415 },
  ),
  form("fields for a picture alone", formOf(picture, meta), /expected one part with the image, got 2/, {
    path: "/picture",
  }),
  form("an empty form for a picture", END, /empty form|not complete/, { path: "/picture" }),
  form("an empty form for a file", END, /empty form|not complete/, { path: "/upload" }),
  form("two files for one", formOf(picture, picture), /expected one part with the file, got 2/, { path: "/upload" }),
  form(
    "a wrong type of file",
    formOf(field("file", "x", `; filename="x.png"${CRLF}content-type: image/png`)),
    /\/file: expected a file of type|\/file expected a file/,
    { path: "/document", status: 415 },
  ),
  form(
    "17 MiB of JSON in a field",
    () => formOf(picture, field("meta", Buffer.alloc(17 * 1024 * 1024, " "))),
    /\/meta has more than 16777216 bytes, the limit set by server\.limits\.json/,
    { status: 413 },
  ),
  {
    name: "form: a good form as JSON",
    path: "/form",
    headers: [["content-type", "application/json"]],
    body: GOOD.form.body,
    status: 400,
    says: /not valid|UTF-8/,
  },
];
