import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IoOptions, IoType, Payload } from "../types.ts";
import { jsonType, t } from "./json-type.ts";

const STRICT: IoOptions = { nan: "error" };
const json = (value: unknown): Payload => ({ kind: "json", value });

/** The faults that reading reports, as `place: message`. */
function faults(type: IoType<unknown>, value: unknown): string[] {
  return faultsOf(() => type.read(json(value), STRICT), "INVALID_ARGUMENT");
}

/** The faults that writing reports. */
function outputFaults(type: IoType<unknown>, value: unknown, options = STRICT): string[] {
  return faultsOf(() => type.write(value, "json", options), "INTERNAL");
}

function faultsOf(run: () => unknown, code: string): string[] {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: "ServingError", code });
    return (error as { problems: { path: string; message: string }[] }).problems.map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
  return [];
}

describe("jsonType: reading", () => {
  const House = jsonType(
    t.Object(
      {
        rooms: t.Number({ minimum: 1, exclusiveMaximum: 13 }),
        tags: t.Optional(t.Array(t.String({ minLength: 1 }), { maxItems: 2 })),
        kind: t.Optional(t.Union([t.Literal("flat"), t.Literal("house")])),
        size: t.Optional(t.Union([t.Integer(), t.Null()])),
      },
      { additionalProperties: false },
    ),
  );

  it("gives the very value that came: no conversion, no defaults, no copy", () => {
    const value = { rooms: 3, tags: ["a"], kind: "flat", size: null };
    expect(House.read(json(value), STRICT)).toBe(value);
    expect(jsonType(t.Object({ a: t.Optional(t.Number({ default: 5 })) })).read(json({}), STRICT)).toEqual({});
    expect(faults(jsonType(t.Number()), "5")).toEqual([': expected a number, got "5"']);
  });

  it.each<[unknown, string[]]>([
    [{ rooms: "oops" }, ['/rooms: expected a number, got "oops"']],
    [{ rooms: 0 }, ["/rooms: expected at least 1, got 0"]],
    [{ rooms: 13 }, ["/rooms: expected less than 13, got 13"]],
    [{}, ["/rooms: is required"]],
    [{ rooms: 2, doors: 1 }, ["/doors: unknown field"]],
    [
      { rooms: 2, tags: ["a", "", "b"] },
      ['/tags/1: expected at least 1 characters, got ""', "/tags: expected at most 2 items, got a list of 3"],
    ],
    [{ rooms: 2, kind: "barn" }, ['/kind: expected "flat" or "house", got "barn"']],
    [{ rooms: 2, size: 1.5 }, ["/size: expected a whole number or null, got 1.5"]],
    [[1], [": expected an object, got a list of 1"]],
    [null, [": expected an object, got null"]],
  ])("says of %j what is wrong and where", (value, expected) => {
    expect(faults(House, value)).toEqual(expected);
  });

  it("escapes keys in places as JSON Pointer does", () => {
    expect(faults(jsonType(t.Record(t.String(), t.Number())), { "a/b~c": "x" })).toEqual([
      '/a~1b~0c: expected a number, got "x"',
    ]);
  });

  it("says what each form of a union misses", () => {
    const shape = jsonType(
      t.Union([
        t.Object({ kind: t.Literal("circle"), radius: t.Number() }),
        t.Object({ kind: t.Literal("square"), side: t.Number() }),
      ]),
    );
    expect(faults(shape, { kind: "circle" })).toEqual([
      ": fits none of the allowed forms: /radius is required; /side is required",
    ]);
  });

  it("repeats at most 40 characters of what came, on one line", () => {
    expect(faults(jsonType(t.Number()), `${"x".repeat(50)}\n`)).toEqual([
      `: expected a number, got "${"x".repeat(40)}…"`,
    ]);
    expect(faults(jsonType(t.Number()), "a\nb")).toEqual([': expected a number, got "a\\nb"']);
  });

  it("keeps 20 faults of a million and finds the last one", () => {
    const list = jsonType(t.Object({ values: t.Array(t.Array(t.Number())) }));
    const values = Array.from({ length: 300_000 }, () => [1]) as unknown[][];
    expect(faults(list, { values: [...values, ["late"]] })).toEqual([
      '/values/300000/0: expected a number, got "late"',
    ]);
    expect(faults(list, { values: values.map(() => ["x"]) })).toHaveLength(20);
  });

  it("tells the author's own condition", () => {
    const even = jsonType(
      t.Array(
        t.Refine(
          t.Number(),
          (value) => value % 2 === 0,
          () => "must be even",
        ),
      ),
    );
    expect(faults(even, [2, 3])).toEqual(["/1: must be even"]);
    expect(faults(even, [...Array.from({ length: 2000 }, () => 2), 3])).toEqual(["/2000: must be even"]);
  });

  it("takes bigints of exact parsing for the numbers they are", () => {
    const type = jsonType(t.Object({ a: t.Number(), b: t.Array(t.Number()) }));
    expect(type.read(json({ a: 9007199254740993n, b: [1] }), STRICT)).toEqual({ a: 9007199254740992, b: [1] });
  });

  it("does not look at inherited properties of what came", () => {
    expect(faults(jsonType(t.Object({ constructor: t.Number() })), {})).toHaveLength(1);
    const value: unknown = JSON.parse('{"__proto__": {"a": 1}}');
    expect(faults(jsonType(t.Object({ a: t.Number() })), value)).toEqual(["/a: is required"]);
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  it("refuses nesting that a recursive type can't follow", () => {
    const tree = jsonType(t.Cyclic({ Node: t.Object({ next: t.Optional(t.Ref("Node")) }) }, "Node"));
    let value: object = {};
    for (let depth = 0; depth < 200_000; depth++) value = { next: value };
    expect(() => tree.read(json(value), STRICT)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "the input is nested too deeply" }),
    );
    expect(tree.read(json({ next: { next: {} } }), STRICT)).toEqual({ next: { next: {} } });
    expect(faults(tree, { next: { next: 5 } })).toEqual(["/next/next: expected an object, got 5"]);
  });

  it("answers any JSON with a value or INVALID_ARGUMENT, nothing else", () => {
    const types: IoType<unknown>[] = [
      House,
      jsonType(t.Array(t.Number())),
      jsonType(t.Union([t.Object({ a: t.Number() }), t.Array(t.String()), t.Null()])),
      jsonType(t.Tuple([t.Number(), t.String()])),
      jsonType(t.Record(t.String(), t.Array(t.Union([t.Number(), t.Null()])))),
      jsonType(t.Intersect([t.Object({ a: t.Number() }), t.Object({ b: t.Number() })])),
    ];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...types), (value, type) => {
        try {
          expect(type.read(json(value), STRICT)).toBe(value);
        } catch (error) {
          expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT", problems: expect.anything() });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("jsonType: tensors", () => {
  const type = jsonType(t.Object({ a: t.Array(t.Number()) }));

  it("reads the JSON text in the one element of one string tensor", () => {
    const tensors = { anything: { dtype: "string", shape: [1, 1], data: ['{"a":[1,2]}'] } } as const;
    expect(
      type.read({ kind: "tensors", tensors: { anything: { ...tensors.anything, data: ['{"a":[1,2]}'] } } }, STRICT),
    ).toEqual({ a: [1, 2] });
  });

  it("writes one string tensor that it can read", () => {
    const payload = type.write({ a: [1, 2.5] }, "tensors", STRICT);
    expect(payload).toEqual({
      kind: "tensors",
      tensors: { output: { dtype: "string", shape: [1], data: ['{"a":[1,2.5]}'] } },
    });
    expect(type.read(payload as Payload, STRICT)).toEqual({ a: [1, 2.5] });
  });

  it.each([
    ["no tensor", {}, "got no tensor"],
    ["numbers", { x: { dtype: "float32" as const, shape: [1], data: Float32Array.of(1) } }, "got float32 [1]"],
    ["two elements", { x: { dtype: "string" as const, shape: [2], data: ["1", "2"] } }, "got string [2]"],
  ])("refuses %s", (_name, tensors, message) => {
    expect(() => type.read({ kind: "tensors", tensors }, STRICT)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it("refuses text that is not JSON, and JSON that does not fit", () => {
    const read = (text: string) => () =>
      type.read({ kind: "tensors", tensors: { x: { dtype: "string", shape: [1], data: [text] } } }, STRICT);
    expect(read("{")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(read('{"a":[true]}')).toThrow(expect.objectContaining({ message: "/a/0: expected a number, got true" }));
  });

  it("refuses parts by their media type", () => {
    const content = {
      size: 0,
      bytes: () => Promise.resolve(new Uint8Array()),
      stream: () => {
        throw new Error("not read");
      },
    };
    const parts = [{ name: undefined, fileName: undefined, mediaType: "image/png", content }];
    expect(() => type.read({ kind: "parts", parts }, STRICT)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_MEDIA_TYPE", message: "expected application/json, got image/png" }),
    );
    expect(() => type.write({ a: [] }, "parts", STRICT)).toThrow(expect.objectContaining({ code: "NOT_ACCEPTABLE" }));
  });
});

describe("jsonType: writing", () => {
  const Prices = jsonType(t.Array(t.Number()));

  it("gives the very value when it fits and has no open place", () => {
    const value = [1, 2.5];
    expect(Prices.write(value, "json", STRICT)).toEqual({ kind: "json", value });
    expect((Prices.write(value, "json", STRICT) as { value: unknown }).value).toBe(value);
  });

  it("throws INTERNAL that names the place when the author's value does not fit", () => {
    expect(outputFaults(Prices, [1, "a"])).toEqual(['/1: expected a number, got "a"']);
    expect(() => Prices.write([1, "a"] as never, "json", STRICT)).toThrow(
      'the output does not fit its type: /1: expected a number, got "a"',
    );
    expect(outputFaults(Prices, Float32Array.of(1))).toEqual([": expected a list, got a Float32Array"]);
    expect(outputFaults(Prices, undefined)).toEqual([": expected a list, got undefined"]);
  });

  it("names the place of NaN under the policy error", () => {
    expect(outputFaults(Prices, [1, NaN])).toEqual([
      '/1: expected a number, got NaN; say what stands for it with nan: "null" or nan: "string"',
    ]);
    const open = jsonType(t.Object({ a: t.Number() }));
    expect(outputFaults(open, { a: 1, more: { x: [0, -Infinity] } })).toEqual([
      '/more/x/1: -Infinity can\'t be written as JSON; say what stands for it with nan: "null" or nan: "string"',
    ]);
  });

  it("puts stand-ins in place of non-finite numbers and leaves the author's value alone", () => {
    const value = [1, NaN, Infinity, -Infinity];
    expect(Prices.write(value, "json", { nan: "null" })).toEqual({ kind: "json", value: [1, null, null, null] });
    expect(Prices.write(value, "json", { nan: "string" })).toEqual({
      kind: "json",
      value: [1, "NaN", "Infinity", "-Infinity"],
    });
    expect(value).toEqual([1, NaN, Infinity, -Infinity]);
    const rows = jsonType(t.Object({ rows: t.Array(t.Object({ y: t.Number({ minimum: 1 }) })), note: t.Unknown() }));
    expect(rows.write({ rows: [{ y: NaN }, { y: 2 }], note: [NaN] }, "json", { nan: "null" })).toEqual({
      kind: "json",
      value: { rows: [{ y: null }, { y: 2 }], note: [null] },
    });
  });

  it("accepts a stand-in only where a number may stand", () => {
    const counts = jsonType(t.Array(t.Integer()));
    expect(outputFaults(counts, [NaN], { nan: "null" })).toEqual([
      '/0: expected a whole number, got NaN; say what stands for it with nan: "null" or nan: "string"',
    ]);
    expect(outputFaults(Prices, [NaN, "a"], { nan: "null" })).toContain('/1: expected a number, got "a"');
  });

  it("writes what open places hold as JSON can carry it", () => {
    const open = jsonType(t.Unknown());
    const when = new Date(0);
    const written = (value: unknown) => (open.write(value, "json", STRICT) as { value: unknown }).value;
    expect(written({ at: when, data: Float32Array.of(1, 2), ids: BigInt64Array.of(5n, 9007199254740993n) })).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      data: [1, 2],
      ids: [5, 9007199254740993n],
    });
    expect(outputFaults(open, { f: () => 1, m: new Map(), holes: [1, undefined] })).toEqual([
      "/f: a function can't be written as JSON",
      "/m: a Map can't be written as JSON",
      "/holes/1: undefined can't be written as JSON",
    ]);
  });

  it("refuses a value that goes round in a circle", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(outputFaults(jsonType(t.Unknown()), circle)).toEqual([": is nested without end or too deeply"]);
  });
});

describe("jsonType: definition", () => {
  it("describes itself as plain JSON Schema 2020-12", () => {
    const type = jsonType(t.Object({ p: t.String({ pattern: /^a/ }), pair: t.Tuple([t.Number(), t.String()]) }));
    expect(type.spec).toEqual({
      kind: "json",
      schema: {
        type: "object",
        required: ["p", "pair"],
        properties: {
          p: { type: "string", pattern: "^a" },
          pair: { type: "array", prefixItems: [{ type: "number" }, { type: "string" }], items: false, minItems: 2 },
        },
      },
    });
    expect(JSON.parse(JSON.stringify(type.spec))).toEqual(type.spec);
  });

  it.each([
    ["bigint", t.Object({ a: t.Array(t.BigInt()) })],
    ["undefined", t.Union([t.Undefined(), t.Number()])],
    ["symbol", t.Symbol()],
    ["function", t.Function([], t.Null())],
  ])("refuses %s, which has no JSON form", (name, schema) => {
    expect(() => jsonType(schema)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: `a value of type "${name}" has no JSON form` }),
    );
  });

  it("refuses codecs", () => {
    const codec = t
      .Codec(t.String())
      .Decode((text) => new Date(text))
      .Encode((date) => date.toISOString());
    expect(() => jsonType(t.Array(codec))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("codec") }),
    );
  });
});
