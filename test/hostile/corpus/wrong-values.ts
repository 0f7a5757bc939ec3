import { FRAME_ROW, PERSON, PNG } from "../good-calls.ts";
import { badJson, type HostileRequest } from "./hostile-request.ts";

type Json = unknown;

/** A place in a good body, and texts of JSON values that do not belong there. */
interface Place {
  readonly path: string;
  /** A good value of the whole body. */
  readonly good: Json;
  /** Keys and indices that lead to the place. */
  readonly at: readonly (string | number)[];
  readonly wrong: readonly string[];
  /** What the reply must say; the JSON Pointer of the place unless given. */
  readonly says?: RegExp;
}

const MARK = "\u0001here\u0001";
/** One text of each kind of JSON value. */
const KINDS = {
  null: "null",
  true: "true",
  number: "1.5",
  whole: "1",
  text: '"oops"',
  list: "[]",
  filledList: "[1]",
  object: "{}",
  filledObject: '{"x":1}',
} as const;
type Kind = keyof typeof KINDS;
const allBut = (...right: readonly Kind[]): string[] =>
  Object.entries(KINDS).flatMap(([kind, text]) => (right.some((name) => name === kind) ? [] : [text]));

const NOT_A_NUMBER = [
  ...allBut("number", "whole"),
  '"1"',
  '""',
  '"NaN"',
  '"Infinity"',
  '"1,5"',
  '"1e5"',
  "1e400",
  "-1e400",
  "[[1]]",
];
const NOT_INT64 = [
  ...allBut("whole"),
  "9223372036854775808",
  "-9223372036854775809",
  "1e19",
  "1e400",
  '"9223372036854775808"',
  '"12a"',
  '"0x10"',
  '""',
  '" 1"',
  '"1.0"',
  "9".repeat(400),
];
const NOT_INT32 = [...allBut("whole"), "2147483648", "-2147483649", "1e10", "0.5", '"1"', "1e400"];
const NOT_FLOAT32 = [...NOT_A_NUMBER, "3.5e38", "-3.5e38", "1e39"];
const NOT_A_TRUTH = [...allBut("true"), "0", '"true"', '"false"', '"yes"'];
const NOT_A_TEXT = allBut("text");

const frame = { df: [FRAME_ROW, FRAME_ROW] };
const PAIR = { a: [[1, 2, 3, 4]], b: [[1, 2, 3, 4]] };
const SCALED = { factor: 2, x: [1, 2] };
const columns = {
  df: { a: [1], b: [1], n: [1], k: [1], ok: [true], label: ["red"], note: ["x"] },
};
const split = {
  df: { columns: ["a", "b", "n", "k", "ok", "label", "note"], data: [[1, 1, 1, 1, true, "red", "x"]] },
};

const PLACES: readonly Place[] = [
  // A data frame by records
  { path: "/frame", good: frame, at: [], wrong: allBut("list"), says: /expected|unknown/ },
  { path: "/frame", good: frame, at: ["df"], wrong: allBut("list"), says: /\/df|missing column/ },
  { path: "/frame", good: frame, at: ["df", 1], wrong: allBut("object", "filledObject"), says: /\/df\/1 / },
  { path: "/frame", good: frame, at: ["df", 1, "a"], wrong: [...NOT_A_NUMBER, "1000.1", "-1000.1", "1e4"] },
  { path: "/frame", good: frame, at: ["df", 0, "b"], wrong: NOT_FLOAT32 },
  { path: "/frame", good: frame, at: ["df", 1, "n"], wrong: NOT_INT64 },
  { path: "/frame", good: frame, at: ["df", 1, "k"], wrong: NOT_INT32 },
  { path: "/frame", good: frame, at: ["df", 0, "ok"], wrong: NOT_A_TRUTH },
  {
    path: "/frame",
    good: frame,
    at: ["df", 1, "label"],
    wrong: [...NOT_A_TEXT, '"oops"', '""', '"RED"', '"red "', '"re\\u0000d"'],
  },
  {
    path: "/frame",
    good: frame,
    at: ["df", 1, "note"],
    wrong: [...allBut("text", "null"), `"${"x".repeat(17)}"`, `"${"😀".repeat(17)}"`],
  },
  // By columns, and split
  { path: "/frame", good: columns, at: ["df", "a"], wrong: allBut("filledList"), says: /\/df\/a|\/df\/b/ },
  { path: "/frame", good: columns, at: ["df", "b", 0], wrong: NOT_FLOAT32 },
  { path: "/frame", good: columns, at: ["df", "n", 0], wrong: NOT_INT64 },
  { path: "/frame", good: split, at: ["df", "columns"], wrong: allBut(), says: /\/df/ },
  { path: "/frame", good: split, at: ["df", "columns", 0], wrong: [...allBut(), '"b"', '"A"', '" a"'], says: /\/df/ },
  { path: "/frame", good: split, at: ["df", "data"], wrong: allBut("list"), says: /\/df/ },
  { path: "/frame", good: split, at: ["df", "data", 0], wrong: allBut(), says: /\/df\/data/ },
  { path: "/frame", good: split, at: ["df", "data", 0, 0], wrong: NOT_A_NUMBER },
  // Tensors
  {
    path: "/rows",
    good: [[1, 2, 3, 4]],
    at: [],
    wrong: [...allBut("list"), "[[]]", "[[[1,2,3,4]]]", "[[[]]]", "[1,2,3,4]"],
    says: /expected/,
  },
  {
    path: "/rows",
    good: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    at: [0],
    wrong: [...allBut(), "[1,2,3]", "[1,2,3,4,5]"],
    says: /\/0|shape/,
  },
  {
    path: "/rows",
    good: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    at: [1],
    wrong: [...allBut(), "[1,2,3]", "[1,2,3,4,5]", "[[1,2,3,4]]"],
  },
  {
    path: "/rows",
    good: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    at: [1, 2],
    wrong: NOT_FLOAT32,
  },
  { path: "/int64", good: [1, 2], at: [1], wrong: NOT_INT64 },
  { path: "/uint8", good: [1, 2], at: [1], wrong: [...allBut("whole"), "-1", "256", "0.5", "1e3", '"1"', "1e400"] },
  { path: "/float16", good: [1, 2], at: [0], wrong: [...NOT_A_NUMBER, "65520", "-65520", "1e6"] },
  { path: "/bool", good: [true, false], at: [1], wrong: NOT_A_TRUTH },
  { path: "/string", good: ["a", "b"], at: [1], wrong: NOT_A_TEXT },
  { path: "/number", good: 1.5, at: [], wrong: NOT_FLOAT32, says: /expected a float32 number/ },
  { path: "/int64", good: [1], at: [], wrong: allBut("list", "filledList"), says: /expected a list/ },
  {
    path: "/pair",
    good: PAIR,
    at: [],
    wrong: allBut(),
    says: /expected an object|is required|unknown tensor/,
  },
  { path: "/pair", good: PAIR, at: ["a"], wrong: [...allBut("list"), "[[1]]"] },
  { path: "/pair", good: PAIR, at: ["b", 0, 3], wrong: NOT_FLOAT32 },
  { path: "/scaled", good: SCALED, at: ["factor"], wrong: NOT_INT64 },
  { path: "/scaled", good: SCALED, at: ["x"], wrong: allBut("list", "filledList") },
  // JSON types
  { path: "/person", good: PERSON, at: [], wrong: allBut(), says: /expected|required|unknown|allowed/ },
  { path: "/person", good: PERSON, at: ["name"], wrong: [...NOT_A_TEXT, '""', `"${"x".repeat(21)}"`] },
  {
    path: "/person",
    good: PERSON,
    at: ["age"],
    wrong: [...allBut("whole"), "-1", "151", "1e3", "0.1", '"30"', "1e400"],
  },
  { path: "/person", good: PERSON, at: ["kind"], wrong: [...allBut(), '"Cat"', '"cat "', '["cat"]'] },
  { path: "/person", good: { ...PERSON, tags: ["x"] }, at: ["tags"], wrong: [...allBut("list"), '["a","b","c","d"]'] },
  { path: "/person", good: { ...PERSON, tags: ["x"] }, at: ["tags", 0], wrong: NOT_A_TEXT },
  { path: "/person", good: PERSON, at: ["address"], wrong: allBut() },
  {
    path: "/person",
    good: PERSON,
    at: ["address", "zip"],
    wrong: [...NOT_A_TEXT, '"1234"', '"123456"', '"1234a"', '"12345\\n"', '" 12345"'],
  },
  {
    path: "/zodded",
    good: { id: 1, mail: "a@example.org" },
    at: [],
    wrong: allBut(),
    says: /expected|required|unknown|unrecognized/i,
  },
  {
    path: "/zodded",
    good: { id: 1, mail: "a@example.org" },
    at: ["id"],
    wrong: [...allBut("whole"), "0", "-1", "1e400", "9007199254740992"],
  },
  {
    path: "/zodded",
    good: { id: 1, mail: "a@example.org" },
    at: ["mail"],
    wrong: [...allBut(), '"a"', '"@"', '"a@b"', '""'],
  },
  {
    path: "/zodded",
    good: { id: 1, mail: "a@example.org", when: "2026-01-02" },
    at: ["when"],
    wrong: [...allBut(), '"2026-13-01"', '"2026-02-30"', '"01/02/2026"', '""'],
  },
  {
    path: "/count",
    good: 3,
    at: [],
    wrong: [...allBut("whole"), "-1", "1001", "1e400", '"3"'],
    says: /expected|at (?:most|least)|whole number/,
  },
  // Binary values in JSON
  {
    path: "/words",
    good: "x",
    at: [],
    wrong: [...NOT_A_TEXT, `"${"x".repeat(101)}"`, `"${"😀".repeat(101)}"`, '"\\ud800"', '"a\\udc00b"'],
    says: /text/,
  },
  { path: "/blob", good: { bytes: "AA==" }, at: ["bytes"], wrong: NOT_A_TEXT },
  { path: "/blob", good: { bytes: "AA==" }, at: [], wrong: allBut("text"), says: /base64|unknown member/ },
  { path: "/picture", good: { image: "" }, at: ["image"], wrong: NOT_A_TEXT },
  { path: "/upload", good: { file: "" }, at: ["file"], wrong: NOT_A_TEXT },
  {
    path: "/form",
    good: { picture: "", meta: PERSON },
    at: [],
    wrong: allBut(),
    says: /expected an object|missing|unknown field/,
  },
  {
    path: "/form",
    good: { picture: PNG.toString("base64"), meta: PERSON },
    at: ["meta"],
    wrong: allBut(),
  },
  {
    path: "/form",
    good: { picture: PNG.toString("base64"), meta: PERSON },
    at: ["meta", "age"],
    wrong: allBut("whole"),
  },
  {
    path: "/form",
    good: { picture: PNG.toString("base64"), meta: PERSON, remark: "x" },
    at: ["remark"],
    wrong: NOT_A_TEXT,
  },
  { path: "/form", good: { picture: "", meta: PERSON }, at: ["picture"], wrong: NOT_A_TEXT },
];

function replaced(value: Json, at: readonly (string | number)[]): Json {
  const [key, ...rest] = at;
  if (key === undefined) return MARK;
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === key ? replaced(item, rest) : item));
  const entries = Object.entries(value as object).map(([name, item]: [string, Json]) => [
    name,
    name === key ? replaced(item, rest) : item,
  ]);
  return Object.fromEntries(entries) as Json;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text;
}

function wrongAt({ path, good, at, wrong, says }: Place): HostileRequest[] {
  const template = JSON.stringify(replaced(good, at));
  const pointer = at.map((key) => `/${key}`).join("");
  return [...new Set(wrong)].map((text) =>
    badJson(
      `${shorten(JSON.stringify(good))} with ${shorten(text)} at "${pointer}"`,
      path,
      template.replace(JSON.stringify(MARK), () => text),
      says ?? new RegExp(`(?:^|\\n|: )${pointer}[ :/]`),
    ),
  );
}

/** Values that do not fit, at every place of every JSON input. */
export const WRONG_VALUES: readonly HostileRequest[] = PLACES.flatMap(wrongAt);
