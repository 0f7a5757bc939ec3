import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { jsonType, t } from "./json/json-type.ts";
import { type Infer, type IoInput, toIoType } from "./to-io-type.ts";

describe("Infer", () => {
  it("gives the exact type of TypeBox schemas", () => {
    const House = t.Object({
      rooms: t.Number(),
      kind: t.Optional(t.Union([t.Literal("flat"), t.Literal("house")])),
      tags: t.Array(t.String()),
    });
    expectTypeOf<Infer<typeof House>>().toEqualTypeOf<{ rooms: number; kind?: "flat" | "house"; tags: string[] }>();
    const prices = t.Array(t.Number());
    expectTypeOf<Infer<typeof prices>>().toEqualTypeOf<number[]>();
    const wrapped = jsonType(House);
    expectTypeOf<Infer<typeof wrapped>>().toEqualTypeOf<{ rooms: number; kind?: "flat" | "house"; tags: string[] }>();
    const raw = t.Unsafe<{ a: 1 }>({ type: "object" });
    expectTypeOf<Infer<typeof raw>>().toEqualTypeOf<{ a: 1 }>();
  });

  it("gives the output type of Standard Schemas", () => {
    const House = z.object({ rooms: z.coerce.number(), kind: z.enum(["flat", "house"]).default("flat") });
    expectTypeOf<Infer<typeof House>>().toEqualTypeOf<{ rooms: number; kind: "flat" | "house" }>();
    const later = z.string().transform((text) => text.length);
    expectTypeOf<Infer<typeof later>>().toEqualTypeOf<number>();
  });

  it("accepts types only", () => {
    expectTypeOf<number>().not.toExtend<IoInput>();
    expectTypeOf<{ type: "object" }>().not.toExtend<IoInput>();
  });
});

describe("toIoType", () => {
  it("keeps an IO type and makes one of schemas", () => {
    const type = jsonType(t.Number());
    expect(toIoType(type)).toBe(type);
    expect(toIoType(t.Number()).spec).toEqual({ kind: "json", schema: { type: "number" } });
    expect(toIoType(z.number().default(3), "input").spec).toEqual({
      kind: "json",
      schema: { type: "number", default: 3 },
    });
  });

  it("takes the JSON Schema of the side", () => {
    const schema = z.object({ a: z.number().default(1) });
    expect(toIoType(schema, "input").spec).not.toHaveProperty("schema.required");
    expect(toIoType(schema, "output").spec).toHaveProperty("schema.required", ["a"]);
  });

  it.each([[5], [null], [undefined], ["number"], [{ type: "object" }], [Number]])(
    "refuses %s, which is no type",
    (value) => {
      expect(() => toIoType(value as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("expected an IO type") }),
      );
    },
  );
});
