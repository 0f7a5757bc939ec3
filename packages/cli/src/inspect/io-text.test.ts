import type { IoSpec } from "@bento-ts/runtime/definition";
import { describe, expect, it } from "vitest";
import { ioText } from "./io-text.ts";

const schemaOf = (schema: Extract<IoSpec, { kind: "json" }>["schema"]): string => ioText({ kind: "json", schema });

describe("ioText", () => {
  it("spells a JSON type as TypeScript would, optional members marked", () => {
    expect(
      schemaOf({
        type: "array",
        items: {
          type: "object",
          required: ["kind", "n"],
          properties: {
            kind: { anyOf: [{ const: "a" }, { type: "null" }] },
            n: { type: ["integer", "null"] },
            unit: { enum: ["cm", 3] },
            rest: {},
          },
        },
      }),
    ).toBe('JSON: list of { kind: "a" | null, n: integer | null, unit?: "cm" | 3, rest?: anything }');
  });

  it("stops at a depth, so that a type which contains itself ends", () => {
    const deep = { type: "array", items: { type: "array", items: { type: "array", items: { type: "array" } } } };
    expect(schemaOf(deep)).toBe("JSON: list of list of list of list of …");
  });

  it.each([
    [{ kind: "tensor", dtype: "float32", shape: [null, 4] }, "float32 [?, 4]"],
    [{ kind: "tensors", tensors: { x: { dtype: "int64", shape: [] } } }, "x: int64 []"],
    [{ kind: "text", maxLength: 80 }, "text of at most 80 characters"],
    [{ kind: "bytes", mediaType: "audio/wav" }, "bytes (audio/wav)"],
    [{ kind: "file", mediaTypes: [] }, "file (any)"],
    [
      {
        kind: "dataFrame",
        key: "df",
        columns: { RM: { type: "float64" }, note: { type: "string", nullable: true } },
        case: "exact",
        extra: "error",
        orient: "records",
        minRows: 0,
        maxRows: null,
      },
      'data frame "df": RM float64, note string?',
    ],
    [
      { kind: "multipart", fields: { a: { spec: { kind: "text", maxLength: null }, required: false } } },
      "form: a? text",
    ],
  ] satisfies [IoSpec, string][])("says %o as %s", (spec, text) => {
    expect(ioText(spec)).toBe(text);
  });
});
