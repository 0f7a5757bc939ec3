import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentFromBytes } from "../content.ts";
import type { IoOptions, Payload } from "../types.ts";
import { dataFrame } from "./data-frame.ts";
import type { ColumnsInput, DataFrame } from "./frame-types.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });

function csv(text: string | Uint8Array, mediaType = "text/csv", fileName?: string): Payload {
  const content = contentFromBytes(typeof text === "string" ? Buffer.from(text) : text);
  return { kind: "parts", parts: [{ name: undefined, fileName, mediaType, content }] };
}

interface Reader {
  read(payload: Payload, options: IoOptions): unknown;
}

/** The faults that reading reports, as `place: message`. */
async function faults(type: Reader, payload: Payload, options = STRICT): Promise<string[]> {
  try {
    await type.read(payload, options);
  } catch (error) {
    expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
    return (error as { problems: { path: string; message: string }[] }).problems.map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
  return [];
}

/** The columns of a frame as plain lists. */
async function lists<C extends ColumnsInput>(
  frame: DataFrame<C> | Promise<DataFrame<C>>,
): Promise<Record<string, unknown[]>> {
  const read = await frame;
  return Object.fromEntries(read.columns.map((name) => [name, Array.from(read.column(name) as ArrayLike<unknown>)]));
}

const House = dataFrame({
  columns: {
    RM: { type: "float64", min: 1, max: 12 },
    AGE: "int32",
    TOWN: { type: "string", maxLength: 5 },
    NEW: "bool",
    ID: "int64",
    TAX: { type: "float32", nullable: true },
  },
});

const TWO_ROWS = {
  RM: [6.5, 7],
  AGE: [65, 3],
  TOWN: ["Bern", "Ulm"],
  NEW: [false, true],
  ID: [1n, 2n],
  TAX: [1.5, null],
};

describe("dataFrame: orientations", () => {
  const records = [
    { RM: 6.5, AGE: 65, TOWN: "Bern", NEW: false, ID: 1, TAX: 1.5 },
    { RM: 7, AGE: 3, TOWN: "Ulm", NEW: true, ID: 2, TAX: null },
  ];

  it.each<[string, Payload]>([
    ["records under the key", json({ df: records })],
    ["a bare list of records", json(records)],
    [
      "records with keys in another order and missing cells left out",
      json({ df: [records[0], { ID: 2, NEW: true, TOWN: "Ulm", AGE: 3, RM: 7 }] }),
    ],
    [
      "split, with the index that pandas writes",
      json({
        df: {
          columns: ["ID", "RM", "AGE", "TOWN", "NEW", "TAX"],
          index: [0, 1],
          data: [
            [1, 6.5, 65, "Bern", false, 1.5],
            ["2", 7, 3, "Ulm", true, null],
          ],
        },
      }),
    ],
    ["columns", json({ df: { ...TWO_ROWS, ID: [1, 2] } })],
    [
      "columns with row labels, pandas' default",
      json({
        df: Object.fromEntries(
          Object.entries({ ...TWO_ROWS, ID: [1, 2] }).map(([name, cells]) => [
            name,
            Object.fromEntries(cells.entries()),
          ]),
        ),
      }),
    ],
    ["CSV", csv("RM,AGE,TOWN,NEW,ID,TAX\n6.5,65,Bern,false,1,1.5\n7,3,Ulm,true,2,\n")],
    [
      "CSV as R writes it: row names, CRLF, quotes, TRUE, NA",
      csv('"","RM","AGE","TOWN","NEW","ID","TAX"\r\n"1",6.5,65,"Bern",FALSE,1,1.5\r\n"2",7,3,"Ulm",TRUE,2,NA\r\n'),
    ],
    [
      "CSV with a byte order mark and spaces around numbers",
      csv("\ufeffRM,AGE,TOWN,NEW,ID,TAX\n 6.5 , 65,Bern, False,1,+1.5e0\n7.0,3.0,Ulm,TRUE,+2,\n"),
    ],
    [
      "a CSV file of an unknown type by its name",
      csv("RM,AGE,TOWN,NEW,ID,TAX\n6.5,65,Bern,false,1,1.5\n7,3,Ulm,true,2,\n", "application/octet-stream", "rows.CSV"),
    ],
    [
      "one tensor for each column",
      {
        kind: "tensors",
        tensors: {
          RM: { dtype: "float32", shape: [2], data: Float32Array.of(6.5, 7) },
          AGE: { dtype: "int64", shape: [2, 1], data: BigInt64Array.of(65n, 3n) },
          TOWN: { dtype: "string", shape: [2], data: ["Bern", "Ulm"] },
          NEW: { dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) },
          ID: { dtype: "int64", shape: [2], data: BigInt64Array.of(1n, 2n) },
        },
      },
    ],
  ])("reads %s", async (name, payload) => {
    const frame = await House.read(payload, STRICT);
    expect(frame.rows).toBe(2);
    const tax = name.startsWith("one tensor") ? [null, null] : TWO_ROWS.TAX;
    expect(await lists(frame)).toEqual({ ...TWO_ROWS, TAX: tax });
    expect(frame.column("RM")).toBeInstanceOf(Float64Array);
    expect(frame.column("AGE")).toBeInstanceOf(Int32Array);
    expect(frame.column("ID")).toBeInstanceOf(BigInt64Array);
  });

  it("reads one 2-D tensor in declared order", async () => {
    const Pair = dataFrame({ columns: { a: "float64", b: "int32" } });
    const tensors = { input: { dtype: "float32", shape: [2, 2], data: Float32Array.of(0.5, 1, 1.5, 2) } } as const;
    expect(
      await lists(Pair.read({ kind: "tensors", tensors: { input: { ...tensors.input, shape: [2, 2] } } }, STRICT)),
    ).toEqual({ a: [0.5, 1.5], b: [1, 2] });
    expect(
      await faults(Pair, {
        kind: "tensors",
        tensors: { input: { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, 2.5) } },
      }),
    ).toEqual(["/input/0/1: not a whole number from -2147483648 to 2147483647: 2.5"]);
    expect(
      await faults(Pair, {
        kind: "tensors",
        tensors: { input: { dtype: "float32", shape: [1, 3], data: new Float32Array(3) } },
      }),
    ).toEqual(["/input: expected shape [-1,2], one column for each of the frame's, got [1,3]"]);
  });

  it("reads a frame without rows", async () => {
    for (const payload of [
      json({ df: [] }),
      json([]),
      csv("RM,AGE,TOWN,NEW,ID,TAX\n"),
      json({ df: { columns: ["RM", "AGE", "TOWN", "NEW", "ID"], data: [] } }),
    ]) {
      const frame = await House.read(payload, STRICT);
      expect(frame.rows).toBe(0);
      expect(frame.column("RM")).toEqual(new Float64Array(0));
      expect(frame.toTensor("float32", ["RM", "AGE"])).toEqual({
        dtype: "float32",
        shape: [0, 2],
        data: new Float32Array(0),
      });
    }
  });

  it("takes columns called columns and data for columns", async () => {
    const Odd = dataFrame({ columns: { columns: "string", data: "float64" } });
    expect(await lists(Odd.read(json({ df: { columns: ["a"], data: [1] } }), STRICT))).toEqual({
      columns: ["a"],
      data: [1],
    });
  });

  it("keeps an empty text in CSV when it is quoted, and takes nothing between commas for missing", async () => {
    const Note = dataFrame({ columns: { note: { type: "string", nullable: true }, n: "float64" } });
    expect(await lists(Note.read(csv('note,n\n"",1\n,2\nNA,3\n'), STRICT))).toEqual({
      note: ["", null, "NA"],
      n: [1, 2, 3],
    });
  });

  it("keeps every digit of int64", async () => {
    const Ids = dataFrame({ columns: { id: "int64" } });
    const expected = { id: [9007199254740993n, -9223372036854775808n] };
    expect(
      await lists(Ids.read(json({ df: [{ id: 9007199254740993n }, { id: "-9223372036854775808" }] }), STRICT)),
    ).toEqual(expected);
    expect(await lists(Ids.read(csv("id\n9007199254740993\n-9223372036854775808\n"), STRICT))).toEqual(expected);
  });

  it("finds columns whatever their case when told so", async () => {
    const Loose = dataFrame({ case: "ignore", columns: { RM: "float64", Age: "float64" } });
    const expected = { RM: [1], Age: [2] };
    expect(await lists(Loose.read(json({ df: [{ rm: 1, AGE: 2 }] }), STRICT))).toEqual(expected);
    expect(await lists(Loose.read(json({ df: { rm: [1], AGE: [2] } }), STRICT))).toEqual(expected);
    expect(await lists(Loose.read(csv("age,Rm\n2,1\n"), STRICT))).toEqual(expected);
    expect(await faults(Loose, json({ df: [{ rm: 1, AGE: 2, RM: 3 }] }))).toEqual([
      '/df/0/RM: the same column as "rm"',
    ]);
    expect(await faults(Loose, json({ df: [{ rm: 1, AGE: "x" }] }))).toEqual(['/df/0/AGE: not a number: "x"']);
    expect(
      await faults(
        Loose,
        json({
          df: [
            { rm: 1, AGE: 2 },
            { RM: 1, Rm: 2, Age: 3 },
          ],
        }),
      ),
    ).toEqual(['/df/1/Rm: column "RM" came twice in this row']);
  });

  it("does not look at columns that are not declared when told so", async () => {
    const Loose = dataFrame({ extra: "ignore", columns: { RM: "float64" } });
    expect(await lists(Loose.read(json({ df: [{ RM: 1, junk: {} }], more: 1 }), STRICT))).toEqual({ RM: [1] });
    expect(await lists(Loose.read(csv("junk,RM\nx,1\n"), STRICT))).toEqual({ RM: [1] });
    expect(await faults(Loose, json({ df: [{ RMM: 1 }] }))).toEqual([
      '/df: missing column "RM", did you mean it by "RMM"?',
    ]);
  });
});

describe("dataFrame: faults", () => {
  const row = { RM: 6.5, AGE: 65, TOWN: "Bern", NEW: false, ID: 1 };

  it.each<[object, string]>([
    [{ RM: "oops" }, '/df/0/RM: not a number: "oops"'],
    [{ RM: "6.5" }, '/df/0/RM: not a number: "6.5"'],
    [{ RM: null }, "/df/0/RM: missing value: null"],
    [{ RM: [6] }, "/df/0/RM: not a number: a list of 1"],
    [{ RM: 12.5 }, "/df/0/RM: expected at most 12, got 12.5"],
    [{ RM: 0 }, "/df/0/RM: expected at least 1, got 0"],
    [{ RM: Infinity }, "/df/0/RM: not a number: Infinity"],
    [{ AGE: 1.5 }, "/df/0/AGE: not a whole number from -2147483648 to 2147483647: 1.5"],
    [{ AGE: 2147483648 }, "/df/0/AGE: not a whole number from -2147483648 to 2147483647: 2147483648"],
    [{ TOWN: "Zürich" }, '/df/0/TOWN: expected at most 5 characters, got "Zürich"'],
    [{ TOWN: 5 }, "/df/0/TOWN: not a string: 5"],
    [{ NEW: 1 }, "/df/0/NEW: not true or false: 1"],
    [{ ID: 2 ** 53 }, "/df/0/ID: not a whole number of 64 bits: 9007199254740992"],
    [{ ID: "9223372036854775808" }, '/df/0/ID: not a whole number of 64 bits: "9223372036854775808"'],
    [{ TAX: 1e39 }, "/df/0/TAX: not a float32 number: 1e+39"],
    [{ RMM: 1 }, '/df/0/RMM: unknown column "RMM", did you mean "RM"?'],
    [{ banana: 1 }, '/df/0/banana: unknown column "banana"'],
  ])("names row and column of %j", async (change, fault) => {
    expect(await faults(House, json({ df: [{ ...row, ...change }] }))).toEqual([fault]);
    // The same in a later row, behind rows of other keys.
    const later = await faults(House, json({ df: [{ ...row, TAX: 1 }, row, { ...row, ...change }] }));
    expect(later).toEqual([fault.replace("/df/0/", "/df/2/")]);
  });

  it("reports all faults in reading order", async () => {
    expect(await faults(House, json({ df: [{ ...row, ID: "x", RM: "a" }, row, { ...row, AGE: "b" }] }))).toEqual([
      '/df/0/RM: not a number: "a"',
      '/df/0/ID: not a whole number of 64 bits: "x"',
      '/df/2/AGE: not a whole number from -2147483648 to 2147483647: "b"',
    ]);
  });

  it("says which column is missing and what came in its place", async () => {
    const { RM, ...rest } = row;
    expect(await faults(House, json({ df: [rest] }))).toEqual(['/df: missing column "RM"']);
    expect(await faults(House, json({ df: [{ ...rest, RMM: RM }] }))).toEqual([
      '/df/0/RMM: unknown column "RMM", did you mean "RM"?',
    ]);
    expect(await faults(House, json({ df: [row, rest] }))).toEqual(["/df/1/RM: missing value"]);
    expect(await faults(House, json({ df: { RM: [1], AGE: [1], TOWN: ["a"], NEWS: [true], ID: [1] } }))).toEqual([
      '/df/NEWS: unknown column "NEWS", did you mean "NEW"?',
    ]);
  });

  it("names places as each orientation has them", async () => {
    expect(await faults(House, json([{ ...row, RM: "a" }]))).toEqual(['/0/RM: not a number: "a"']);
    const columns = ["RM", "AGE", "TOWN", "NEW", "ID"];
    expect(
      await faults(
        House,
        json({
          df: {
            columns,
            data: [
              [1, 1, "a", true, 1],
              [1, "b", "a", true, 1],
            ],
          },
        }),
      ),
    ).toEqual(['/df/data/1/1: not a whole number from -2147483648 to 2147483647: "b"']);
    expect(
      await faults(
        House,
        json({ df: { RM: [1, "a"], AGE: [1, 2], TOWN: ["a", "b"], NEW: [true, false], ID: [1, 2] } }),
      ),
    ).toEqual(['/df/RM/1: not a number: "a"']);
    expect(await faults(House, csv('RM,AGE,TOWN,NEW,ID\n1,1,"a\nb",true,1\n\nx,1,a,maybe,1\n'))).toEqual([
      '/df/1/RM: not a number: "x" (line 5)',
      '/df/1/NEW: not true or false: "maybe" (line 5)',
    ]);
  });

  it.each<[string, unknown, string]>([
    ["rows that are no objects", [row, 5, [1]], "/df/1: expected an object with the columns, got 5"],
    [
      "cells in lists without names",
      [[1, 2]],
      '/df/0: expected an object with the columns, got a list of 2: lists go under {"columns": […], "data": […]}',
    ],
    ["short rows of split", { columns: ["RM"], data: [[1, 2]] }, "/df/data/0: expected a list of 1 cells, got 2"],
    [
      "names that are no texts",
      { columns: [["RM"]], data: [] },
      "/df/columns/0: expected the name of a column, got a list of 1",
    ],
    ["a name that came twice", { columns: ["RM", "RM"], data: [] }, '/df/columns/1: column "RM" came twice'],
    [
      "columns of different lengths",
      { RM: [1, 2], AGE: [1], TOWN: ["a", "b"], NEW: [true, true], ID: [1, 2] },
      "/df/AGE: expected 2 cells like the columns before it, got 1",
    ],
    ["a column that is no list", { RM: 1 }, "/df/RM: expected a list of cells, got 1"],
    [
      "row labels that are not 0 to n-1",
      { RM: { 5: 1, 7: 2 } },
      '/df/RM: expected row labels 0 to 1, got "5": send records or split (pandas: reset_index(drop=True) or orient="split")',
    ],
    [
      "a frame that is none",
      5,
      '/df: expected rows [{…}, …], {"columns": […], "data": [[…], …]} or columns {"name": […], …}, got 5',
    ],
  ])("refuses %s", async (_name, frame, fault) => {
    expect(await faults(House, json({ df: frame }))).toContain(fault);
  });

  it.each<[unknown, string]>([
    [{ data: [] }, ': expected {"df": …} or a list of rows, got an object with "data"'],
    [{ DF: [] }, ': expected {"df": …} or a list of rows, got "DF" in place of "df"'],
    [{}, ': expected {"df": …} or a list of rows, got an object'],
    [5, ': expected {"df": …} or a list of rows, got 5'],
    [null, ': expected {"df": …} or a list of rows, got null'],
    [{ df: [], more: 1 }, '/more: unknown field beside "df"'],
  ])("refuses the body %j", async (body, fault) => {
    expect(await faults(House, json(body))).toEqual([fault]);
  });

  it.each<[string, string]>([
    ["", "/df: expected CSV with a header row, got an empty text"],
    ["RM,AGE,TOWN,NEW,ID\n1,2\n", "/df/0: expected 5 cells, got 2 (line 2)"],
    ["RM,AGE,TOWN,NEW,ID,RM\n", '/df/RM: column "RM" came twice'],
    ["RM,AGE,TOWN,NEW,IDX\n", '/df/IDX: unknown column "IDX", did you mean "ID"?'],
    ["RM;AGE;TOWN;NEW;ID\n1;2;a;true;1\n", '/df: missing column "RM"'],
    ['RM\n"1', ": line 2: a quote is not closed"],
  ])("refuses the CSV %j", async (text, fault) => {
    expect(await faults(House, csv(text))).toContain(fault);
  });

  it.each(["0x10", "1e", "1_000", "1,5", "--1", "Infinity", "NaN", "1.2.3", "e5", ".", "½"])(
    "takes %s in CSV for no number",
    async (cell) => {
      const One = dataFrame({ columns: { x: "float64", y: "float64" } });
      expect(await faults(One, csv(`x,y\n1,"${cell}"\n`))).toEqual([
        `/df/0/y: not a number: ${JSON.stringify(cell)} (line 2)`,
      ]);
    },
  );

  it.each([
    ["1.", 1],
    [".5", 0.5],
    ["+1e3", 1000],
    ["-0", -0],
    ["1E-2", 0.01],
    ["007", 7],
  ])("takes %s in CSV for %d", async (cell, value) => {
    const One = dataFrame({ columns: { x: "float64" } });
    expect((await One.read(csv(`x\n${cell}\n`), STRICT)).column("x")).toEqual(Float64Array.of(value));
  });

  it("refuses CSV that is not UTF-8, and parts of other types", async () => {
    expect(await faults(House, csv(Uint8Array.of(0xff, 0xfe, 65)))).toEqual([": the text is not valid UTF-8"]);
    await expect(House.read(csv("", "image/png"), STRICT)).rejects.toMatchObject({
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: "expected application/json or text/csv, got image/png",
    });
  });

  it("counts rows against minRows and maxRows", async () => {
    const Few = dataFrame({ columns: { x: "float64" }, minRows: 1, maxRows: 2 });
    expect(await faults(Few, json({ df: [] }))).toEqual(["/df: expected at least 1 rows, got 0"]);
    expect(await faults(Few, json([{ x: 1 }, { x: 1 }, { x: 1 }]))).toEqual([": expected at most 2 rows, got 3"]);
    expect(await faults(Few, csv("x\n1\n2\n"))).toEqual([]);
  });

  it("compares with the values listed", async () => {
    const Listed = dataFrame({
      columns: { kind: { type: "string", enum: ["flat", "house"] }, n: { type: "int64", enum: [1, 2] } },
    });
    expect(await lists(Listed.read(json([{ kind: "flat", n: 2 }]), STRICT))).toEqual({ kind: ["flat"], n: [2n] });
    expect(await faults(Listed, json([{ kind: "barn", n: 3 }]))).toEqual([
      '/0/kind: expected one of "flat", "house", got "barn"',
      "/0/n: expected one of 1, 2, got 3",
    ]);
  });

  it("follows the policy for non-finite numbers", async () => {
    const Pair = dataFrame({ columns: { x: "float64", n: "int32" } });
    expect(
      await lists(
        Pair.read(
          json([
            { x: "NaN", n: 1 },
            { x: "-Infinity", n: 1 },
          ]),
          { nan: "string" },
        ),
      ),
    ).toEqual({ x: [NaN, -Infinity], n: [1, 1] });
    expect(await lists(Pair.read(json([{ x: null, n: 1 }]), { nan: "null" }))).toEqual({ x: [NaN], n: [1] });
    expect(await lists(Pair.read(csv("x,n\n,1\nNA,1\n"), { nan: "null" }))).toEqual({ x: [NaN, NaN], n: [1, 1] });
    expect(await lists(Pair.read(csv("x,n\nNaN,1\n"), { nan: "string" }))).toEqual({ x: [NaN], n: [1] });
    expect(await faults(Pair, json([{ x: 1, n: null }]), { nan: "null" })).toEqual(["/0/n: missing value: null"]);
    expect(await faults(Pair, csv("x,n\n,1\n"))).toEqual(["/df/0/x: missing value: null (line 2)"]);
    const tensors = {
      x: { dtype: "float64", shape: [1], data: Float64Array.of(NaN) },
      n: { dtype: "int32", shape: [1], data: Int32Array.of(1) },
    } as const;
    const payload: Payload = {
      kind: "tensors",
      tensors: { x: { ...tensors.x, shape: [1] }, n: { ...tensors.n, shape: [1] } },
    };
    expect(await faults(Pair, payload)).toEqual(["/x/0: not a number: NaN"]);
    expect(await lists(Pair.read(payload, { nan: "null" }))).toEqual({ x: [NaN], n: [1] });
  });

  it("refuses tensors of other names and lengths", async () => {
    const Pair = dataFrame({ columns: { x: "float64", y: "float64" } });
    const vector = (...values: number[]) => ({
      dtype: "float64" as const,
      shape: [values.length],
      data: Float64Array.from(values),
    });
    expect(await faults(Pair, { kind: "tensors", tensors: { x: vector(1), z: vector(1) } })).toEqual([
      '/z: unknown column "z"',
      '/df: missing column "y"',
    ]);
    expect(await faults(Pair, { kind: "tensors", tensors: { x: vector(1, 2), y: vector(1) } })).toEqual([
      "/y: expected shape [2] or [2,1], got [1]",
    ]);
    expect(
      await faults(Pair, { kind: "tensors", tensors: { x: { ...vector(1, 2), shape: [1, 2] }, y: vector(1) } }),
    ).toEqual(["/x: expected shape [n] or [n,1], got [1,2]"]);
    expect(await faults(Pair, { kind: "tensors", tensors: {} })).toEqual([
      '/df: missing column "x"',
      '/df: missing column "y"',
    ]);
  });

  it("keeps prototypes out: names of Object.prototype are names like others", async () => {
    const Odd = dataFrame({ columns: { constructor: "float64", toString: "float64" } });
    expect(await lists(Odd.read(json(JSON.parse('[{"constructor":1,"toString":2}]')), STRICT))).toEqual({
      constructor: [1],
      toString: [2],
    });
    expect(await faults(Odd, json(JSON.parse('[{"constructor":1,"toString":2},{"constructor":1}]')))).toEqual([
      "/1/toString: missing value",
    ]);
    expect(await faults(Odd, json([{}]))).toEqual([': missing column "constructor"', ': missing column "toString"']);
    expect(await faults(Odd, json(JSON.parse('[{"__proto__":{"constructor":1},"toString":2}]')))).toEqual([
      '/0/__proto__: unknown column "__proto__"',
      ': missing column "constructor"',
    ]);
    expect(await faults(Odd, json(JSON.parse('{"__proto__":{"df":[]}}')))).toHaveLength(1);
  });

  it("keeps 20 faults of many, counts all, and does not slow down on many unknown names", async () => {
    const bad = Array.from({ length: 5000 }, () => ({ ...row, RM: "x" }));
    await expect(Promise.resolve().then(() => House.read(json({ df: bad }), STRICT))).rejects.toMatchObject({
      message: '/df/0/RM: not a number: "x" (and 4999 more)',
    });
    expect(await faults(House, json({ df: bad }))).toHaveLength(20);
    const names = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`R${index}`, 1]));
    expect(await faults(House, json([names]))).toHaveLength(20);
    expect(await faults(House, json([{ ["x".repeat(1_000_000)]: 1 }]))).not.toEqual([]);
  });

  it("answers any JSON and any CSV with a frame or INVALID_ARGUMENT, nothing else", async () => {
    const cell = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(1, 6.5, "a", true, null));
    const name = fc.oneof(
      fc.constantFrom("RM", "AGE", "TOWN", "NEW", "ID", "TAX", "__proto__", "constructor", "columns", "data", "index"),
      fc.string({ maxLength: 3 }),
    );
    const record = fc.dictionary(name, cell, { maxKeys: 8 });
    const frame = fc.oneof(
      fc.array(fc.oneof(record, cell), { maxLength: 4 }),
      fc.dictionary(name, fc.oneof(fc.array(cell, { maxLength: 3 }), record), { maxKeys: 8 }),
      fc.record({
        columns: fc.array(fc.oneof(name, cell), { maxLength: 7 }),
        data: fc.array(fc.oneof(fc.array(cell, { maxLength: 7 }), cell), { maxLength: 4 }),
      }),
      fc.jsonValue(),
    );
    const payload = fc.oneof(
      frame.map((value) => json(JSON.parse(JSON.stringify({ df: value })))),
      frame.map((value) => json(JSON.parse(JSON.stringify(value)))),
      fc
        .string({ unit: fc.constantFrom("R", "M", "RM", ",", "\n", '"', "1", ".", "x", "\r"), maxLength: 40 })
        .map((text) => csv(text)),
    );
    await fc.assert(
      fc.asyncProperty(payload, fc.constantFrom("error", "null", "string"), async (input, nan) => {
        try {
          const read = await House.read(input, { nan });
          expect(read.column("RM")).toHaveLength(read.rows);
        } catch (error) {
          expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("dataFrame: one frame in every orientation", () => {
  const Any = dataFrame({
    columns: {
      f: "float64",
      g: { type: "float32", nullable: true },
      i: "int32",
      l: "int64",
      b: "bool",
      s: "string",
      z: { type: "string", nullable: true },
    },
  });
  const rows = fc.array(
    fc.record({
      // JSON and CSV writers print -0 as 0.
      f: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      g: fc.option(fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
      i: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      b: fc.boolean(),
      s: fc.string(),
      z: fc.option(fc.string()),
    }),
    { maxLength: 5 },
  );

  it("is the same frame", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (records) => {
        const names = Any.fromRecords([]).columns;
        const cells = (record: (typeof records)[number]): unknown[] => names.map((name) => record[name]);
        const forms: Payload[] = [
          json({ df: records }),
          json({ df: { columns: names, data: records.map(cells) } }),
          json({ df: Object.fromEntries(names.map((name) => [name, records.map((record) => record[name])])) }),
          csv([names.join(","), ...records.map((record) => cells(record).map(toCsv).join(","))].join("\r\n")),
        ];
        const expected = await lists(Any.fromRecords(records));
        for (const form of forms) expect(await lists(Any.read(form, STRICT))).toEqual(expected);
      }),
    );
  });

  it("is the same frame when it was written and is read again", async () => {
    for (const orient of ["records", "split", "columns"] as const) {
      const Written = dataFrame({
        orient,
        columns: { f: "float64", g: { type: "float32", nullable: true }, l: "int64", b: "bool", s: "string" },
      });
      await fc.assert(
        fc.asyncProperty(rows, async (records) => {
          const frame = Written.fromRecords(records.map(({ f, g, l, b, s }) => ({ f, g, l, b, s })));
          const again = await Written.read(await Written.write(frame, "json", STRICT), STRICT);
          expect(await lists(again)).toEqual(await lists(frame));
        }),
      );
    }
  });
});

function toCsv(cell: unknown): string {
  if (cell === null) return "";
  if (typeof cell === "string") return `"${cell.replaceAll('"', '""')}"`;
  return typeof cell === "bigint" ? String(cell) : JSON.stringify(cell);
}
