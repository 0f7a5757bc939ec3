import type { HostileRequest } from "./hostile-request.ts";

const HEADER = "a,b,n,k,ok,label,note";
const ROW = "1,2,3,4,true,red,x";

const TEXTS: Readonly<Record<string, readonly [text: string | Uint8Array, says: RegExp]>> = {
  nothing: ["", /empty text/],
  "blank lines": ["\n\n\r\n", /empty text/],
  "a byte order mark alone": ["\ufeff", /empty text|missing column/],
  "a row without header": [ROW, /unknown column "1"|missing column/],
  "one column": ["a\n1\n", /missing column/],
  "a column too many": [`${HEADER},extra\n${ROW},1\n`, /unknown column "extra"/],
  "a column twice": [`${HEADER},a\n${ROW},1\n`, /column "a" came twice/],
  "a misspelt column": [
    `${HEADER.replace("label", "lable")}\n${ROW}\n`,
    /unknown column "lable", did you mean "label"/,
  ],
  "names in upper case": [`${HEADER.toUpperCase()}\n${ROW}\n`, /unknown column "A", did you mean "a"/],
  "a null byte in the header": [`a\0,${HEADER.slice(2)}\n${ROW}\n`, /unknown column|missing column/],
  "a null byte in a cell": [`${HEADER}\n1\0,2,3,4,true,red,x\n`, /\/df\/0\/a not a number/],
  "a short row": [`${HEADER}\n${ROW}\n1,2\n`, /\/df\/1 expected 7 cells, got 2 \(line 3\)/],
  "a long row": [`${HEADER}\n${ROW},,,\n`, /\/df\/0 expected 7 cells, got 10/],
  semicolons: [`${HEADER.replaceAll(",", ";")}\n${ROW.replaceAll(",", ";")}\n`, /missing column|unknown column/],
  tabs: [`${HEADER.replaceAll(",", "\t")}\n`, /missing column|unknown column/],
  "a quote that does not end": [`${HEADER}\n"1,2\n`, /line 2: a quote is not closed/],
  "a quote in a cell": [`${HEADER}\n1"2,2,3,4,true,red,x\n`, /line 2: a quote stands inside a cell/],
  "text behind a quote": [`${HEADER}\n"1"x,2,3,4,true,red,x\n`, /line 2: text stands behind a closing quote/],
  "quotes alone": ['"""', /a quote is not closed/],
  "a formula": [`${HEADER}\n=1+1,2,3,4,true,red,x\n`, /\/df\/0\/a not a number: "=1\+1"/],
  "a command in a formula": [`${HEADER}\n"=cmd|' /C calc'!A0",2,3,4,true,red,x\n`, /\/df\/0\/a not a number/],
  "a decimal comma": [`${HEADER}\n"1,5",2,3,4,true,red,x\n`, /\/df\/0\/a not a number: "1,5"/],
  "a thousands mark": [`${HEADER}\n"1,000.5",2,3,4,true,red,x\n`, /\/df\/0\/a not a number/],
  "a hexadecimal number": [`${HEADER}\n0x10,2,3,4,true,red,x\n`, /\/df\/0\/a not a number: "0x10"/],
  NaN: [`${HEADER}\nNaN,2,3,4,true,red,x\n`, /\/df\/0\/a not a number: "NaN"/],
  Infinity: [`${HEADER}\nInfinity,2,3,4,true,red,x\n`, /\/df\/0\/a not a number: "Infinity"/],
  "1e400": [`${HEADER}\n1e400,2,3,4,true,red,x\n`, /\/df\/0\/a/],
  NA: [`${HEADER}\nNA,2,3,4,true,red,x\n`, /\/df\/0\/a missing value/],
  "an empty cell": [`${HEADER}\n,2,3,4,true,red,x\n`, /\/df\/0\/a missing value/],
  "a number past the limit": [`${HEADER}\n1001,2,3,4,true,red,x\n`, /\/df\/0\/a expected at most 1000/],
  "a fraction for a whole number": [`${HEADER}\n1,2,3,4.5,true,red,x\n`, /\/df\/0\/k not a whole number/],
  "an int64 past its end": [
    `${HEADER}\n1,2,9223372036854775808,4,true,red,x\n`,
    /\/df\/0\/n not a whole number of 64 bits/,
  ],
  "an int64 with an exponent": [`${HEADER}\n1,2,1e3,4,true,red,x\n`, /\/df\/0\/n/],
  "yes for a truth": [`${HEADER}\n1,2,3,4,yes,red,x\n`, /\/df\/0\/ok not true or false: "yes"/],
  "1 for a truth": [`${HEADER}\n1,2,3,4,1,red,x\n`, /\/df\/0\/ok not true or false/],
  "a label that is none": [`${HEADER}\n1,2,3,4,true,pink,x\n`, /\/df\/0\/label expected one of/],
  "a note too long": [
    `${HEADER}\n1,2,3,4,true,red,${"x".repeat(17)}\n`,
    /\/df\/0\/note expected at most 16 characters/,
  ],
  "a line break in a cell": [`${HEADER}\n1,2,3,4,true,"re\nd",x\n`, /\/df\/0\/label expected one of/],
  JSON: ['{"df":[]}', /a quote stands inside a cell|missing column/],
  "latin-1": [Buffer.from(`${HEADER}\n1,2,3,4,true,red,\xe9\n`, "latin1"), /not valid UTF-8/],
  "UTF-16": [Buffer.from(`\ufeff${HEADER}\n${ROW}\n`, "utf16le"), /not valid UTF-8/],
  noise: [Buffer.from(Array.from({ length: 1_000 }, (_, at) => (at * 61 + 3) % 256)), /not valid UTF-8/],
  __proto__: [`__proto__,constructor,${HEADER}\n1,2,${ROW}\n`, /unknown column "__proto__"/],
  "a ZIP": ["PK\x03\x04\x14\0", /missing column|unknown column/],
};

const csv = (name: string, body: HostileRequest["body"] & {}, says: RegExp): HostileRequest => ({
  name: `CSV: ${name}`,
  path: "/frame",
  headers: [["content-type", "text/csv"]],
  body,
  status: 400,
  says,
});

/** CSV that is none, or does not fit the columns. */
export const CSV_TEXTS: readonly HostileRequest[] = [
  ...Object.entries(TEXTS).map(([name, [text, says]]) => csv(name, text, says)),
  csv("1,001 rows", () => `${HEADER}\n${`${ROW}\n`.repeat(1_001)}`, /at most 1000 rows, got 1001/),
  csv(
    "100,000 columns",
    () => `${Array.from({ length: 100_000 }, (_, at) => `c${at}`).join(",")}\n`,
    /unknown column "c0"/,
  ),
  csv("a million commas", () => ",".repeat(1_000_000), /missing column|unknown column/),
  csv("a million quotes", () => '"'.repeat(1_000_001), /a quote is not closed/),
  csv("a million lines of nothing much", () => `${HEADER}\n${"x\n".repeat(1_000_000)}`, /expected 7 cells, got 1/),
  csv("a cell of 10 MB", () => `${HEADER}\n${"9".repeat(10_000_000)},2,3,4,true,red,x\n`, /\/df\/0\/a/),
  csv("a name of 10 MB", () => `${"a".repeat(10_000_000)}\n1\n`, /unknown column "a+…"/),
];
