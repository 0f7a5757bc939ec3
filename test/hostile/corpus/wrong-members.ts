import { FRAME_ROW, PERSON } from "../good-calls.ts";
import { badJson, type HostileRequest } from "./hostile-request.ts";

/** Members that are missing, too many, nearly right, or far more than anybody sends. */
export const WRONG_MEMBERS: readonly HostileRequest[] = [
  ...Object.keys(FRAME_ROW)
    .filter((name) => name !== "note")
    .flatMap((name) => {
      const { [name as keyof typeof FRAME_ROW]: left, ...rest } = FRAME_ROW;
      return [
        badJson(
          `a row without ${name}`,
          "/frame",
          JSON.stringify({ df: [rest] }),
          new RegExp(`missing column "${name}"`),
        ),
        badJson(
          `a second row without ${name}`,
          "/frame",
          JSON.stringify({ df: [FRAME_ROW, rest] }),
          new RegExp(`/df/1/${name} missing value`),
        ),
        badJson(
          `a row with ${name}x`,
          "/frame",
          JSON.stringify({ df: [{ ...rest, [`${name}x`]: left }] }),
          new RegExp(`${name}x|missing column "${name}"`),
        ),
        badJson(
          `a row with ${name} and ${name}${name}`,
          "/frame",
          JSON.stringify({ df: [{ ...FRAME_ROW, [`${name}${name}`]: 1 }] }),
          /unknown column/,
        ),
      ];
    }),
  ...Object.keys(PERSON).flatMap((name) => {
    const { [name as keyof typeof PERSON]: _left, ...rest } = PERSON;
    return [
      badJson(`a person without ${name}`, "/person", JSON.stringify(rest), new RegExp(name)),
      badJson(
        `a person with ${name}2`,
        "/person",
        JSON.stringify({ ...PERSON, [`${name}2`]: 1 }),
        new RegExp(`${name}2`),
      ),
    ];
  }),
  badJson("two spellings of df", "/frame", '{"DF":[]}', /expected \{"df"/),
  badJson("a field beside df", "/frame", '{"df":[],"model":"x"}', /\/model unknown field/),
  badJson(
    "1,001 rows",
    "/frame",
    () => JSON.stringify({ df: Array.from({ length: 1001 }, () => FRAME_ROW) }),
    /at most 1000 rows, got 1001/,
  ),
  badJson("a key of 1 MB", "/person", () => `{"${"k".repeat(1_000_000)}":1}`, /k{50}…|required|kkk/),
  badJson("a key of 1 MB in a row", "/frame", () => `{"df":[{"${"k".repeat(1_000_000)}":1}]}`, /unknown column "k+…"/),
  badJson(
    "100,000 unknown columns",
    "/frame",
    () => `{"df":[{${Array.from({ length: 100_000 }, (_, at) => `"c${at}":1`).join(",")}}]}`,
    /unknown column "c0"/,
  ),
  badJson(
    "100,000 unknown fields",
    "/person",
    () => `{${Array.from({ length: 100_000 }, (_, at) => `"f${at}":1`).join(",")}}`,
    /f0|required/,
  ),
  badJson(
    "100,000 wrong rows",
    "/frame",
    () => `{"df":[${Array.from({ length: 100_000 }, () => "1").join(",")}]}`,
    /\/df\/0 expected an object/,
  ),
  badJson("a million wrong elements", "/int64", () => `[${'"x",'.repeat(999_999)}"x"]`, /and 999999 more/),
  badJson("a million ragged rows", "/rows", () => `[[1,2,3,4],${"[],".repeat(999_999)}[]]`, /\/1 expected a list of 4/),
  badJson(
    "100,000 tags",
    "/person",
    () => JSON.stringify({ ...PERSON, tags: Array.from({ length: 100_000 }, () => 1) }),
    /\/tags/,
  ),
  badJson("a duplicate key whose last value is wrong", "/person", '{"age":30,"age":"x"}', /age/),
  badJson("a missing tensor", "/pair", '{"a":[[1,2,3,4]]}', /\/b is required/),
  badJson("a tensor too many", "/pair", '{"a":[[1,2,3,4]],"b":[[1,2,3,4]],"c":1}', /\/c unknown tensor/),
  badJson("a misspelt tensor", "/scaled", '{"faktor":1,"x":[1]}', /did you mean "factor"/),
  badJson(
    "tensors of different lengths",
    "/pair",
    '{"a":[[1,2,3,4]],"b":[[1,2,3,4],[1,2,3,4]]}',
    /shape|\bN\b|dimension|expected/,
  ),
  badJson("a very long number", "/number", () => "9".repeat(1_000_000), /expected a float32 number/),
  badJson("a very long int64", "/int64", () => `[${"9".repeat(1_000_000)}]`, /\/0 expected an int64/),
  badJson("a very long fraction", "/uint8", () => `[0.${"1".repeat(1_000_000)}]`, /\/0 expected/),
  badJson("a very long exponent", "/number", () => `1e${"9".repeat(100_000)}`, /expected a float32 number/),
];
