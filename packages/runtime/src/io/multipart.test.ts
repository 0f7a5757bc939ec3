import sharp from "sharp";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createTensor } from "../tensor/tensor.ts";
import { contentFromBytes } from "./content.ts";
import { dataFrame } from "./data-frame/data-frame.ts";
import { image } from "./image/image.ts";
import type { Image } from "./image/picture.ts";
import { jsonType, t } from "./json/json-type.ts";
import { multipart, optional } from "./multipart.ts";
import { tensor } from "./tensor/tensor-type.ts";
import { text } from "./text.ts";
import type { Infer } from "./to-io-type.ts";
import type { IoType, Part, Payload } from "./types.ts";

const options = { nan: "error" } as const;
const png = await sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
  .png()
  .toBuffer();
const Options = t.Object({ top: t.Integer({ minimum: 1 }) });
const Form = multipart({ image: image(), options: optional(Options), label: t.String() });
const part = (name: string | undefined, content: string | Uint8Array, more: Partial<Part> = {}): Part => ({
  name,
  fileName: undefined,
  mediaType: "application/octet-stream",
  content: contentFromBytes(Buffer.from(content)),
  ...more,
});
const parts = (...all: Part[]): Payload => ({ kind: "parts", parts: all });
const json = (value: unknown): Payload => ({ kind: "json", value });
const read = async <T>(type: IoType<T>, payload: Payload): Promise<T> => type.read(payload, options);
const whole = [part("image", png), part("options", '{"top":3}'), part("label", "cat")];

describe("multipart", () => {
  it("is typed by its fields", () => {
    expectTypeOf<Infer<typeof Form>>().toEqualTypeOf<{ image: Image; label: string; options?: { top: number } }>();
  });

  it("has a spec that is frozen and what JSON makes of it", () => {
    expect(JSON.parse(JSON.stringify(Form.spec))).toEqual(Form.spec);
    expect(Form.spec).toMatchObject({
      kind: "multipart",
      fields: {
        image: { required: true, spec: { kind: "image" } },
        options: { required: false, spec: { kind: "json" } },
      },
    });
    expect(Object.isFrozen(Form.spec)).toBe(true);
  });

  it("reads each field from its part", async () => {
    const value = await read(Form, parts(...whole));
    expect(value).toMatchObject({ options: { top: 3 }, label: "cat" });
    expect([...value.image.pixels]).toEqual([1, 2, 3]);
  });

  it("leaves out what is optional", async () => {
    const value = await read(Form, parts(part("label", "cat"), part("image", png)));
    expect(Object.keys(value).toSorted()).toEqual(["image", "label"]);
  });

  it("reads each field from a member of a JSON object", async () => {
    const value = await read(Form, json({ image: png.toString("base64"), options: { top: 3 }, label: "cat" }));
    expect(value).toMatchObject({ image: { width: 1 }, options: { top: 3 }, label: "cat" });
  });

  it("reads a string bare, or as JSON where the part says so", async () => {
    const Name = multipart({ name: t.String() });
    expect(await read(Name, parts(part("name", '"Anna"', { mediaType: "text/plain" })))).toEqual({ name: '"Anna"' });
    expect(await read(Name, parts(part("name", '"Anna"', { mediaType: "application/json" })))).toEqual({
      name: "Anna",
    });
  });

  it("keeps every digit of int64 in a part", async () => {
    const Ids = multipart({ ids: tensor("int64", [null]) });
    expect(await read(Ids, parts(part("ids", "[9007199254740993]")))).toEqual({
      ids: createTensor("int64", [1], BigInt64Array.of(9007199254740993n)),
    });
  });

  it("reads and writes named tensors", async () => {
    const Pair = multipart({ x: tensor("float32", [null]), y: text() });
    const tensors = { x: createTensor("float32", [2], Float32Array.of(1, 2)), y: createTensor("string", [1], ["a"]) };
    const value = await read(Pair, { kind: "tensors", tensors });
    expect(value).toEqual({ x: tensors.x, y: "a" });
    expect(await Pair.write(value, "tensors", options)).toEqual({ kind: "tensors", tensors });
  });

  it("reads a data frame from CSV, from JSON and from one tensor for each column", async () => {
    const Houses = multipart({
      houses: dataFrame({ columns: { RM: "float64", AGE: "float64" } }),
      note: optional(t.String()),
    });
    const csv = part("houses", "RM,AGE\n6.5,65\n7,3\n", { fileName: "houses.csv" });
    const records = part("houses", '[{"RM":6.5,"AGE":65},{"RM":7,"AGE":3}]');
    const tensors: Payload = {
      kind: "tensors",
      tensors: {
        "houses.RM": createTensor("float64", [2], Float64Array.of(6.5, 7)),
        "houses.AGE": createTensor("float64", [2], Float64Array.of(65, 3)),
      },
    };
    for (const payload of [parts(csv), parts(records), tensors]) {
      const { houses } = await read(Houses, payload);
      expect([...houses.column("RM")]).toEqual([6.5, 7]);
      expect([...houses.column("AGE")]).toEqual([65, 3]);
    }
    expect(await Houses.write(await read(Houses, tensors), "tensors", options)).toEqual(tensors);
    await expect(read(Houses, parts(part("houses", '[{"RM":"oops","AGE":1}]')))).rejects.toMatchObject({
      problems: [{ path: "/houses/0/RM", message: expect.stringContaining("oops") }],
    });
  });

  it("is written as a JSON object", async () => {
    const value = await read(Form, parts(...whole));
    const written = await Form.write(value, "json", options);
    expect(written).toMatchObject({
      kind: "json",
      value: { options: { top: 3 }, label: "cat", image: expect.stringMatching(/^iVBORw0KGgo/) },
    });
  });

  it("is written as parts, each field in the form that suits it, and read from them", async () => {
    const value = await read(Form, parts(...whole));
    const written = await Form.write(value, "parts", options);
    const byName = new Map(written.kind === "parts" ? written.parts.map((one) => [one.name, one]) : []);
    expect(byName.get("image")).toMatchObject({ mediaType: "image/png" });
    expect(byName.get("image")?.decoded).toBeUndefined();
    expect(byName.get("label")).toMatchObject({ content: { size: 0 }, decoded: { kind: "json", value: "cat" } });
    expect(byName.get("options")?.decoded).toEqual({ kind: "json", value: { top: 3 } });
    const again = await read(Form, written);
    expect(again).toMatchObject({ label: "cat", options: { top: 3 } });
    expect(again.image.width).toBe(value.image.width);
  });

  it.each([
    [{ image: 1, label: "x" }, 'field "image": the output does not fit its type: expected a picture'],
    [{ label: "cat" }, 'field "image" is missing'],
    [{ lable: "cat" }, 'unknown field "lable", did you mean "label"?'],
    [null, "expected an object with fields, got null"],
  ])("refuses %j from the author as INTERNAL", async (value, message) => {
    const write: (value: unknown) => Payload | Promise<Payload> = (given) =>
      Form.write(given as Infer<typeof Form>, "json", options);
    await expect(write(value)).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringContaining(message) });
  });
});

describe("multipart names", () => {
  it("all fields that are wrong, at once", async () => {
    const sent = parts(
      part("imgae", png),
      part("options", '{"top":0}'),
      part("label", Uint8Array.of(0xff)),
      part("label", "b"),
    );
    await expect(read(Form, sent)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: '/imgae: unknown field, did you mean "image"? (and 4 more)',
      problems: [
        { path: "/imgae", message: 'unknown field, did you mean "image"?' },
        { path: "/label", message: "this field came twice" },
        { path: "/image", message: "this field is missing" },
        { path: "/options/top", message: expect.any(String) },
        { path: "/label", message: "the text is not valid UTF-8" },
      ],
    });
  });

  it.each([
    [parts(part("image", "<svg/>"), part("label", "x")), "/image", "got an SVG drawing"],
    [json({ image: "Zm9", label: "x" }), "/image", "not base64"],
    [json({ image: { image: "Zm9" }, label: "x" }), "/image/image", "not base64"],
    [
      parts(part("image", png), part("label", "x"), part("options", "{")),
      "/options",
      "not valid JSON at line 1, column 2",
    ],
    [
      parts(part("image", png), part("label", "x"), part("options", '{"__proto__":{}}')),
      "/options/__proto__",
      "not allowed",
    ],
    [json([1]), "", "expected an object with the fields image, options, label, got a list of 1"],
    [
      parts(part("image", png), part("label", "x"), part("toString", "1")),
      "/toString",
      "unknown field, expected image, options, label",
    ],
    [parts(part("image", png), part("label", "x"), part("a/b~c", "1")), "/a~1b~0c", "unknown field"],
  ])("the place of what is wrong (%#)", async (payload, path, message) => {
    await expect(read(Form, payload)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      problems: expect.arrayContaining([{ path, message: expect.stringContaining(message) }]),
    });
  });

  it("a body that is no form", async () => {
    await expect(read(Form, parts(part(undefined, png, { mediaType: "image/png" })))).rejects.toMatchObject({
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: "expected multipart/form-data or application/json, got image/png",
    });
  });
});

describe("multipart refuses to be defined", () => {
  it.each([
    [{}, "expected fields by name"],
    [{ "": t.String() }, 'a field can\'t be named ""'],
    [{ constructor: t.String() }, 'a field can\'t be named "constructor"'],
    [{ a: multipart({ b: t.String() }) }, 'field "a": a form can\'t stand inside a form'],
    [{ a: 5 }, 'field "a": expected an IO type'],
    [{ a: undefined }, 'field "a": expected an IO type'],
  ])("with %j", (fields, message) => {
    const make: (fields: never) => unknown = multipart;
    expect(() => make(fields as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it("takes { type, required: false } for an optional field", async () => {
    const Form = multipart({ a: { type: jsonType(t.Number()), required: false } });
    expectTypeOf<Infer<typeof Form>>().toEqualTypeOf<{ a?: number }>();
    expect(await read(Form, json({}))).toEqual({});
  });
});
