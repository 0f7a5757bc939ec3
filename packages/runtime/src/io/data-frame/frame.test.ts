import { describe, expect, expectTypeOf, it } from "vitest";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { Infer } from "../to-io-type.ts";
import type { IoOptions, Payload } from "../types.ts";
import { dataFrame } from "./data-frame.ts";
import type { DataFrame } from "./frame-types.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });

const House = dataFrame({
  columns: {
    RM: { type: "float64", min: 1, max: 12 },
    AGE: "int32",
    NEW: "bool",
    ID: "int64",
    TAX: { type: "float32", nullable: true },
    KIND: { type: "string", enum: ["flat", "house"] },
  },
});

const frame = House.fromRecords([
  { RM: 6.5, AGE: 65, NEW: false, ID: 1n, TAX: 1.5, KIND: "flat" },
  { RM: 7, AGE: 3, NEW: true, ID: 9007199254740993n, TAX: null, KIND: "house" },
]);

describe("DataFrame: types", () => {
  it("gives each column the type that was declared", () => {
    type Frame = Infer<typeof House>;
    expectTypeOf(frame).toEqualTypeOf<Frame>();
    expectTypeOf(frame.column("RM")).toEqualTypeOf<Float64Array>();
    expectTypeOf(frame.column("AGE")).toEqualTypeOf<Int32Array>();
    expectTypeOf(frame.column("NEW")).toEqualTypeOf<boolean[]>();
    expectTypeOf(frame.column("ID")).toEqualTypeOf<BigInt64Array>();
    expectTypeOf(frame.column("TAX")).toEqualTypeOf<(number | null)[]>();
    expectTypeOf(frame.column("KIND")).toEqualTypeOf<("flat" | "house")[]>();
    expectTypeOf(frame.columns).toEqualTypeOf<readonly ("RM" | "AGE" | "NEW" | "ID" | "TAX" | "KIND")[]>();
    expectTypeOf(frame.toTensor("float32", ["RM", "AGE"])).toEqualTypeOf<TensorOf<"float32">>();
    expectTypeOf(frame.records()).toEqualTypeOf<
      { RM: number; AGE: number; NEW: boolean; ID: bigint; TAX: number | null; KIND: "flat" | "house" }[]
    >();
  });

  it("does not compile with names and cells that are not declared", () => {
    // @ts-expect-error no such column
    expect(() => frame.column("RMM")).toThrow('no column "RMM"');
    // @ts-expect-error no such column
    expect(() => frame.toTensor("float32", ["RMM"])).toThrow('no column "RMM"');
    // @ts-expect-error a text is no number
    expect(() => House.fromRecords([{ RM: "6", AGE: 1, NEW: true, ID: 1n, TAX: null, KIND: "flat" }])).toThrow(
      '/df/0/RM: not a number: "6"',
    );
    // @ts-expect-error columns of one frame are not those of another
    const other: DataFrame<{ x: "float64" }> = frame;
    expect(other).toBe(frame);
  });
});

describe("DataFrame", () => {
  it("gives rows, names in declared order, columns and records", () => {
    expect(frame.rows).toBe(2);
    expect(frame.columns).toEqual(["RM", "AGE", "NEW", "ID", "TAX", "KIND"]);
    expect(frame.column("RM")).toEqual(Float64Array.of(6.5, 7));
    expect(frame.column("TAX")).toEqual([1.5, null]);
    expect(frame.records()).toEqual([
      { RM: 6.5, AGE: 65, NEW: false, ID: 1n, TAX: 1.5, KIND: "flat" },
      { RM: 7, AGE: 3, NEW: true, ID: 9007199254740993n, TAX: null, KIND: "house" },
    ]);
  });

  it("is made from columns as well, of lists or typed arrays", () => {
    const same = House.fromColumns({
      RM: Float64Array.of(6.5, 7),
      AGE: [65, 3],
      NEW: [false, true],
      ID: BigInt64Array.of(1n, 9007199254740993n),
      TAX: [1.5, null],
      KIND: ["flat", "house"],
    });
    expect(same.records()).toEqual(frame.records());
  });

  it("says what an author's data lacks, as INTERNAL and by place", () => {
    const bad = (): unknown => House.fromRecords([{ RM: 99, AGE: 1.5, NEW: true, ID: 1n, TAX: 1, KIND: "flat" }]);
    expect(bad).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: "the output does not fit its type: /df/0/RM: expected at most 12, got 99 (and 1 more)",
      }),
    );
    expect(() => House.fromColumns({ RM: [1] } as never)).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining('missing column "AGE"') }),
    );
    expect(() => House.fromRecords(5 as never)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: expect.stringContaining("expected a list of records, got 5"),
      }),
    );
    expect(() => House.fromColumns([] as never)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: expect.stringContaining("expected an object with the columns"),
      }),
    );
  });

  it("names the column that was likely meant", () => {
    expect(() => frame.column("AGEE" as never)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: 'the data frame has no column "AGEE", did you mean "AGE"?',
      }),
    );
  });
});

describe("DataFrame.toTensor", () => {
  it("puts columns side by side in declared or given order", () => {
    const numbers = dataFrame({ columns: { a: "float64", b: "int32", c: "float32" } });
    const table = numbers.fromColumns({ a: [1, 2], b: [3, 4], c: [0.5, 0.25] });
    expect(table.toTensor("float32")).toEqual({
      dtype: "float32",
      shape: [2, 3],
      data: Float32Array.of(1, 3, 0.5, 2, 4, 0.25),
    });
    expect(table.toTensor("float64", ["c", "a"])).toEqual({
      dtype: "float64",
      shape: [2, 2],
      data: Float64Array.of(0.5, 1, 0.25, 2),
    });
    expect(table.toTensor("int64", ["b"])).toEqual({ dtype: "int64", shape: [2, 1], data: BigInt64Array.of(3n, 4n) });
    // 0.5 in binary16 is 0x3800, 0.25 is 0x3400.
    expect(table.toTensor("float16", ["c"])).toEqual({
      dtype: "float16",
      shape: [2, 1],
      data: Uint16Array.of(0x3800, 0x3400),
    });
  });

  it("turns truth values into 0 and 1, null and non-finite numbers into their floats", () => {
    expect(frame.toTensor("float32", ["NEW", "TAX"])).toEqual({
      dtype: "float32",
      shape: [2, 2],
      data: Float32Array.of(0, 1.5, 1, NaN),
    });
    expect(frame.toTensor("bool", ["NEW"])).toEqual({ dtype: "bool", shape: [2, 1], data: Uint8Array.of(0, 1) });
    expect(frame.toTensor("uint8", ["NEW"]).data).toEqual(Uint8Array.of(0, 1));
    expect(frame.toTensor("string", ["KIND"])).toEqual({ dtype: "string", shape: [2, 1], data: ["flat", "house"] });
    const open = dataFrame({ columns: { x: "float64" } }).fromColumns({ x: [NaN, -Infinity, 1] });
    expect(open.toTensor("float32").data).toEqual(Float32Array.of(NaN, -Infinity, 1));
    expect(open.toTensor("float16").data).toEqual(Uint16Array.of(0x7e00, 0xfc00, 0x3c00));
  });

  it("keeps int64 exact and rounds it in floats", () => {
    expect(frame.toTensor("int64", ["ID"]).data).toEqual(BigInt64Array.of(1n, 9007199254740993n));
    expect(frame.toTensor("float64", ["ID"]).data).toEqual(Float64Array.of(1, 9007199254740992));
  });

  it("names the cell that the element type can't hold, as the caller's", async () => {
    const read = await dataFrame({ columns: { x: "float64", n: { type: "int32", nullable: true } } }).read(
      json([
        { x: 1, n: 1 },
        { x: 1e39, n: null },
      ]),
      STRICT,
    );
    expect(() => read.toTensor("float32", ["x"])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "/1/x: expected a float32 number, got 1e+39" }),
    );
    expect(() => read.toTensor("int32", ["n"])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "/1/n: missing value, which this model can't take",
      }),
    );
    expect(() => frame.toTensor("uint8", ["RM"])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "/df/0/RM: expected a uint8 whole number from 0 to 255, got 6.5",
      }),
    );
  });

  it.each([
    ["float32", "KIND", 'toTensor("float32"): column "KIND" holds string, name the columns that fit'],
    ["string", "RM", 'toTensor("string"): column "RM" holds float64, name the columns that fit'],
    ["bool", "AGE", 'toTensor("bool"): column "AGE" holds int32, name the columns that fit'],
  ] as const)("refuses as %s the column %s", (dtype, name, message) => {
    expect(() => frame.toTensor(dtype, [name])).toThrow(expect.objectContaining({ code: "INTERNAL", message }));
  });
});
