import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { IoOptions, Payload } from "../types.ts";
import { isStandardSchema, standardType } from "./standard-type.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });

describe("standardType", () => {
  const House = z.object({ rooms: z.number().min(1), kind: z.enum(["flat", "house"]).default("flat") });

  it("reads through the schema, with its defaults and conversions", async () => {
    await expect(standardType(House, "input").read(json({ rooms: 2 }), STRICT)).resolves.toEqual({
      rooms: 2,
      kind: "flat",
    });
    const Day = z.object({ day: z.string().transform((text) => text.length) });
    await expect(standardType(Day, "input").read(json({ day: "Monday" }), STRICT)).resolves.toEqual({ day: 6 });
  });

  it("does not write to what came", async () => {
    const value = Object.freeze({ rooms: 2 });
    await standardType(House, "input").read(json(value), STRICT);
    expect(value).toEqual({ rooms: 2 });
  });

  it("names the places of all faults", async () => {
    await expect(
      standardType(z.object({ "a/b": z.array(z.number()), c: z.string() }), "input").read(
        json({ "a/b": [1, "x"] }),
        STRICT,
      ),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      problems: [
        { path: "/a~1b/1", message: "Invalid input: expected number, received string" },
        { path: "/c", message: "Invalid input: expected string, received undefined" },
      ],
    });
  });

  it("waits for checks that take their time", async () => {
    const Known = z.string().refine(async (name) => Promise.resolve(name === "ada"), "nobody of that name");
    await expect(standardType(Known, "input").read(json("ada"), STRICT)).resolves.toBe("ada");
    await expect(standardType(Known, "input").read(json("bob"), STRICT)).rejects.toMatchObject({
      message: "nobody of that name",
    });
  });

  it("tells the JSON Schema of the side on which it stands", () => {
    expect(standardType(House, "input").spec).toEqual({
      kind: "json",
      schema: {
        type: "object",
        properties: {
          rooms: { type: "number", minimum: 1 },
          kind: { default: "flat", type: "string", enum: ["flat", "house"] },
        },
        required: ["rooms"],
      },
    });
    expect(standardType(House, "output").spec).toMatchObject({
      schema: { required: ["rooms", "kind"], additionalProperties: false },
    });
  });

  it("writes what the schema lets through", async () => {
    const type = standardType(House, "output");
    const value = { rooms: 2, kind: "flat", secret: 1 } as const;
    await expect(type.write(value, "json", STRICT)).resolves.toEqual({
      kind: "json",
      value: { rooms: 2, kind: "flat" },
    });
    await expect(type.write({ rooms: 0, kind: "flat" }, "json", STRICT)).rejects.toMatchObject({
      code: "INTERNAL",
      message: "the output does not fit its type: /rooms: Too small: expected number to be >=1",
    });
  });

  it("puts stand-ins in place of non-finite numbers by policy", async () => {
    const type = standardType(z.array(z.number()), "output");
    await expect(type.write([1, NaN], "json", { nan: "null" })).resolves.toEqual({ kind: "json", value: [1, null] });
    await expect(type.write([1, -Infinity], "json", { nan: "string" })).resolves.toEqual({
      kind: "json",
      value: [1, "-Infinity"],
    });
    await expect(type.write([1, NaN], "json", STRICT)).rejects.toMatchObject({
      code: "INTERNAL",
      problems: [{ path: "/1" }],
    });
    await expect(standardType(z.unknown(), "output").write({ a: [NaN] }, "json", STRICT)).rejects.toMatchObject({
      problems: [{ path: "/a/0" }],
    });
  });

  it("refuses schemas without a JSON Schema on their side", () => {
    expect(() => standardType(z.date(), "input")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('this schema of "zod" has no JSON Schema as an input'),
      }),
    );
    expect(() => standardType(z.string().transform(Number), "output")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    const bare = { "~standard": { version: 1, vendor: "tiny", validate: (value: unknown) => ({ value }) } } as const;
    expect(isStandardSchema(bare)).toBe(true);
    expect(() => standardType(bare, "input")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('this schema of "tiny" can\'t tell its JSON Schema'),
      }),
    );
  });

  it("answers nesting that a recursive schema can't follow with INVALID_ARGUMENT", async () => {
    const Tree: z.ZodType = z.lazy(() => z.object({ next: Tree.optional() }));
    let value: object = {};
    for (let depth = 0; depth < 100_000; depth++) value = { next: value };
    await expect(standardType(Tree, "input").read(json(value), STRICT)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("lets an error of the author's own code pass as it is", async () => {
    const broken = z.string().refine(() => {
      throw new TypeError("author's bug");
    });
    await expect(standardType(broken, "input").read(json("a"), STRICT)).rejects.toThrow(TypeError);
  });
});
