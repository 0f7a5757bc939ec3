import { describe, expect, it } from "vitest";
import { dataFrame } from "./data-frame.ts";

describe("dataFrame: definition", () => {
  it("describes itself as frozen plain data with all defaults in place", () => {
    const type = dataFrame({ columns: { RM: "float64", KIND: { type: "string", enum: ["a"], nullable: true } } });
    expect(type.spec).toEqual({
      kind: "dataFrame",
      key: "df",
      columns: { RM: { type: "float64" }, KIND: { type: "string", enum: ["a"], nullable: true } },
      case: "exact",
      extra: "error",
      orient: "records",
      minRows: 0,
      maxRows: null,
    });
    expect(JSON.parse(JSON.stringify(type.spec))).toEqual(type.spec);
    expect(Object.isFrozen(type.spec)).toBe(true);
    expect(Object.isFrozen((type.spec as { columns: object }).columns)).toBe(true);
  });

  it("does not write to the author's options", () => {
    const options = Object.freeze({
      columns: Object.freeze({ RM: Object.freeze({ type: "float64" as const, enum: Object.freeze([1, 2]) }) }),
    });
    expect(dataFrame(options).spec).toMatchObject({ columns: { RM: { enum: [1, 2] } } });
    expect(options.columns.RM.enum).toEqual([1, 2]);
  });

  it.each<[unknown, string]>([
    [{ columns: {} }, 'dataFrame: columns: expected at least one column such as { RM: "float64" }, got an object'],
    [{}, 'dataFrame: columns: expected at least one column such as { RM: "float64" }, got undefined'],
    [
      { columns: { a: "double" } },
      'dataFrame: columns.a: expected a type of float64, float32, int32, int64, bool, string, got "double"',
    ],
    [
      { columns: { a: { type: "toString" } } },
      'dataFrame: columns.a: expected a type of float64, float32, int32, int64, bool, string, got "toString"',
    ],
    [{ columns: { a: { type: "string", min: 1 } } }, "dataFrame: columns.a (string): unknown option min"],
    [{ columns: { a: { type: "float64", maxLength: 1 } } }, "dataFrame: columns.a (float64): unknown option maxLength"],
    [{ columns: { a: { type: "float64", min: NaN } } }, "dataFrame: columns.a.min: expected a finite number, got NaN"],
    [{ columns: { a: { type: "float64", min: "1" } } }, 'dataFrame: columns.a.min: expected a finite number, got "1"'],
    [{ columns: { a: { type: "float64", min: 2, max: 1 } } }, "dataFrame: columns.a.max: expected a number ≥ 2, got 1"],
    [
      { columns: { a: { type: "string", maxLength: -1 } } },
      "dataFrame: columns.a.maxLength: expected a whole number ≥ 0, got -1",
    ],
    [
      { columns: { a: { type: "string", enum: [] } } },
      "dataFrame: columns.a.enum: expected a list of at least one string, got a list of 0",
    ],
    [
      { columns: { a: { type: "int32", enum: ["1"] } } },
      "dataFrame: columns.a.enum: expected a list of at least one number, got a list of 1",
    ],
    [
      { columns: { a: { type: "int32", nullable: 1 } } },
      "dataFrame: columns.a.nullable: expected true or false, got 1",
    ],
    [{ columns: JSON.parse('{"__proto__":"float64"}') }, 'dataFrame: no column can be named "__proto__"'],
    [
      { columns: { a: "float64", A: "float64" }, case: "ignore" },
      'dataFrame: columns "a" and "A" are one column when letter case is ignored',
    ],
    [{ columns: { a: "float64" }, case: "lower" }, 'dataFrame: case: expected "exact" or "ignore", got "lower"'],
    [
      { columns: { a: "float64" }, orient: "table" },
      'dataFrame: orient: expected "records" or "split" or "columns", got "table"',
    ],
    [{ columns: { a: "float64" }, key: "" }, 'dataFrame: key: expected a field name, got ""'],
    [{ columns: { a: "float64" }, minRows: -1 }, "dataFrame: minRows: expected a whole number ≥ 0, got -1"],
    [{ columns: { a: "float64" }, minRows: 5, maxRows: 4 }, "dataFrame: maxRows: expected a whole number ≥ 5, got 4"],
    [{ columns: { a: "float64" }, colums: {} }, "dataFrame: unknown option colums"],
  ])("refuses %j", (options, message) => {
    expect(() => dataFrame(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});
