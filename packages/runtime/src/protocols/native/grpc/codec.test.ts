import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { defineService } from "../../../definition/define-service.ts";
import { ServingError } from "../../../errors.ts";
import {
  bytes,
  createFile,
  createTensor,
  dataFrame,
  file,
  multipart,
  t,
  tensor,
  tensors,
  text,
} from "../../../index.ts";
import { toIoType } from "../../../io/to-io-type.ts";
import { list } from "../../../io/list.ts";
import type { IoType, NanPolicy, Payload } from "../../../io/types.ts";
import { planProto } from "../../proto/plan-proto.ts";
import { printProto } from "../../proto/print-proto.ts";
import { createNativeMethod, type NativeMethod } from "./native-grpc-call.ts";
import { fromPayload } from "./from-payload.ts";
import { toPayload } from "./to-payload.ts";

type AnyType = Parameters<typeof toIoType>[0];

/** One API over our codec, and over protobufjs with the `.proto` that we print. */
interface Both {
  readonly type: IoType<unknown>;
  /** Our reader, given a message that protobufjs has written. */
  read(message: object): Promise<unknown>;
  readBytes(message: Uint8Array): Promise<unknown>;
  /** What protobufjs reads of a value that we have written. */
  write(value: unknown): Promise<object>;
}

function both(given: AnyType, nan: NanPolicy = "error"): Both {
  const type = toIoType(given);
  const definition = defineService({ name: "test", apis: [{ name: "do", input: type.spec, output: type.spec, nan }] });
  const proto = planProto(definition, undefined);
  const { root } = protobuf.parse(printProto(proto), new protobuf.Root(), { keepCase: true });
  const [request, response] = ["DoRequest", "DoResponse"].map((name) => root.lookupType(`bento.test.v1.${name}`));
  const [method] = proto.methods;
  if (request === undefined || response === undefined || method === undefined) throw new Error("no method");
  const native: NativeMethod = createNativeMethod(method, { grpcBytes: 1 });
  const readBytes = async (message: Uint8Array): Promise<unknown> =>
    type.read(toPayload(native.readMessage(Buffer.from(message)), native.input), { nan });
  return {
    type,
    readBytes,
    read: (message) => {
      expect(request.verify(message)).toBeNull();
      return readBytes(request.encode(message).finish());
    },
    write: async (value) => {
      const payload: Payload = await type.write(value, native.outputKind, { nan });
      return response.toObject(response.decode(await fromPayload(payload, native.output)), { longs: String });
    },
  };
}

const floats = (...values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

describe("tensors", () => {
  it("are shape and raw bytes, both ways", async () => {
    const { read, write } = both(tensor("float32", [null, 2]));
    const expected = createTensor("float32", [2, 2], Float32Array.of(1, 2.5, -3, Infinity));
    const finite = createTensor("float32", [2, 2], Float32Array.of(1, 2.5, -3, 4));
    expect(await read({ input: { shape: [2, 2], data: floats(1, 2.5, -3, 4) } })).toEqual(finite);
    expect(await write(expected)).toEqual({ output: { shape: ["2", "2"], data: floats(1, 2.5, -3, Infinity) } });
  });

  it("need no shape where their bytes tell it", async () => {
    const { read } = both(tensor("float32", [null, 2]));
    expect(await read({ input: { data: floats(1, 2, 3, 4) } })).toMatchObject({ shape: [2, 2] });
    expect(await read({ input: {} })).toMatchObject({ shape: [0, 2] });
    expect(await both(tensor("int8", [])).read({ input: { data: Buffer.from([7]) } })).toMatchObject({ shape: [] });
    await expect(both(tensor("int8", [null, null])).read({ input: { data: Buffer.from([7]) } })).rejects.toThrow(
      "/input/shape: is required: [-1,-1] has 2 free sizes",
    );
  });

  it.each([
    [{ shape: [2, 2], data: floats(1, 2, 3) }, "/input: expected 16 bytes for float32 of shape [2,2], got 12"],
    [{ data: floats(1, 2, 3) }, "/input: expected 8 bytes for float32 of shape [1,2], got 12"],
    [{ shape: [-1, 2], data: floats(1, 2) }, "/input: expected sizes that are whole numbers ≥ 0, got shape [-1,2]"],
    [{ shape: [1, 3], data: floats(1, 2, 3) }, "/input: expected float32 [-1,2], got float32 [1,3]"],
    [
      { shape: Array.from({ length: 65 }, () => 1), data: floats(1) },
      "/input/shape: expected at most 64 sizes, got 65",
    ],
    [undefined, "/input: is required"],
  ])("refuse %j with the place", async (input, message) => {
    const { read } = both(tensor("float32", [null, 2]));
    await expect(read(input === undefined ? {} : { input })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message,
    });
  });

  it("by name are a field each, texts and 64-bit numbers exact", async () => {
    const { read, write } = both(
      tensors({ "a:0": { dtype: "int64", shape: [2] }, b: { dtype: "string", shape: [null] } }),
    );
    const value = {
      "a:0": createTensor("int64", [2], BigInt64Array.of(2n ** 62n, -1n)),
      b: createTensor("string", [2], ["", "é"]),
    };
    const data = Buffer.from(BigInt64Array.of(2n ** 62n, -1n).buffer);
    expect(await read({ a_0: { shape: [2], data }, b: { data: ["", "é"] } })).toEqual(value);
    expect(await write(value)).toEqual({ a_0: { shape: ["2"], data }, b: { shape: ["2"], data: ["", "é"] } });
    await expect(read({ a_0: { data } })).rejects.toThrow("/b: is required");
    await expect(read({ a_0: { data: floats(1) }, b: {} })).rejects.toThrow("/a:0: expected 16 bytes for int64");
  });
});

describe("data frames", () => {
  const columns = { f: "float64", g: "float32", i: "int32", big: "int64", ok: "bool", s: "string" } as const;
  const message = {
    f: [0.1, -2],
    g: [0.5, 1e30],
    i: [-1, 2 ** 31 - 1],
    big: ["9223372036854775807", -1],
    ok: [true, false],
    s: ["", "x"],
  };

  it("are lists by column, exact in every type", async () => {
    const { read, write } = both(dataFrame({ key: "df", columns }));
    const frame = (await read({ ...message, big: message.big.map((one) => long(BigInt(one))) })) as {
      records(): unknown;
    };
    expect(frame.records()).toEqual([
      { f: 0.1, g: 0.5, i: -1, big: 2n ** 63n - 1n, ok: true, s: "" },
      { f: -2, g: Math.fround(1e30), i: 2 ** 31 - 1, big: -1n, ok: false, s: "x" },
    ]);
    expect(await write(frame)).toEqual({ ...message, g: [0.5, Math.fround(1e30)], big: ["9223372036854775807", "-1"] });
  });

  it("have no rows when nothing came, and no other column may then be missing", async () => {
    const { read } = both(dataFrame({ key: "df", columns: { a: "float64", b: "string" } }));
    expect(((await read({})) as { rows: number }).rows).toBe(0);
    await expect(read({ a: [1] })).rejects.toThrow('missing column "b"');
    await expect(read({ a: [1, 2], b: ["x"] })).rejects.toThrow("/b: expected shape [2] or [2,1], got [1]");
    await expect(read({ a: [1, NaN], b: ["x", "y"] })).rejects.toThrow("/a/1");
  });

  it.each(["records", "split", "columns"] as const)("tell empty cells from others (written as %s)", async (orient) => {
    const nullable = (type: "float64" | "int64" | "bool" | "string" | "int32" | "float32") =>
      ({ type, nullable: true }) as const;
    const type = dataFrame({
      key: "df",
      orient,
      columns: {
        n: nullable("float64"),
        i: nullable("int64"),
        b: nullable("bool"),
        s: nullable("string"),
        k: nullable("int32"),
        g: nullable("float32"),
        plain: "float32",
      },
    });
    const { read, write } = both(type);
    const sent = {
      n: { values: [1, 9], nulls: [false, true] },
      i: { values: [7, 5], nulls: [true, false] },
      b: { values: [true, false] },
      s: { values: ["x", ""], nulls: [false, true] },
      plain: [0.5, 1],
    };
    const frame = (await read(sent)) as { records(): unknown };
    expect(frame.records()).toEqual([
      { n: 1, i: null, b: true, s: "x", k: null, g: null, plain: 0.5 },
      { n: null, i: 5n, b: false, s: null, k: null, g: null, plain: 1 },
    ]);
    expect(await write(frame)).toEqual({
      n: { values: [1, 0], nulls: [false, true] },
      i: { values: ["0", "5"], nulls: [true, false] },
      b: { values: [true, false] },
      s: { values: ["x", ""], nulls: [false, true] },
      k: { values: [0, 0], nulls: [true, true] },
      g: { values: [0, 0], nulls: [true, true] },
      plain: [0.5, 1],
    });
    await expect(read({ ...sent, n: { values: [1, 2], nulls: [true] } })).rejects.toThrow(
      "/n/nulls: expected one for each of the 2 values, got 1",
    );
    await expect(read({ n: { nulls: [true] }, plain: [1] })).rejects.toThrow(
      "/n/nulls: expected one for each of the 0 values, got 1",
    );
  });

  it("carry NaN where the policy lets it pass", async () => {
    const { read, write } = both(dataFrame({ key: "df", columns: { a: "float64" } }), "null");
    const frame = (await read({ a: [NaN, -Infinity, 1] })) as { column(name: string): Float64Array };
    expect([...frame.column("a")]).toEqual([NaN, -Infinity, 1]);
    expect(await write(frame)).toEqual({ a: [NaN, -Infinity, 1] });
  });
});

describe("JSON values", () => {
  const type = t.Object({
    n: t.Number(),
    i: t.Integer(),
    s: t.Optional(t.String()),
    yes: t.Boolean(),
    maybe: t.Union([t.Number(), t.Null()]),
    list: t.Array(t.Integer()),
    more: t.Optional(t.Array(t.String())),
    matrix: t.Array(t.Array(t.Number())),
    inner: t.Object({ deep: t.Array(t.Object({ x: t.Boolean() })) }),
    any: t.Unknown(),
  });
  const message = {
    n: 0,
    i: -5,
    yes: false,
    list: [1, 2],
    matrix: [{ values: [1, 2] }, {}, { values: [3] }],
    inner: { deep: [{ x: true }, { x: false }] },
    any_json: '{"a":[null]}',
  };
  const value = {
    n: 0,
    i: -5,
    yes: false,
    maybe: null,
    list: [1, 2],
    matrix: [[1, 2], [], [3]],
    inner: { deep: [{ x: true }, { x: false }] },
    any: { a: [null] },
  };

  it("have a field for each member", async () => {
    const { read, write } = both(type);
    expect(await read(message)).toEqual(value);
    expect(await write(value)).toEqual({
      ...message,
      i: "-5",
      list: ["1", "2"],
    });
    const full = { ...value, s: "", maybe: 2, more: ["x"] };
    expect(await read({ ...message, s: "", maybe: 2, more: ["x"] })).toEqual(full);
    expect(await write(full)).toMatchObject({ s: "", maybe: 2, more: ["x"] });
  });

  it.each([
    [{ ...message, n: undefined }, "/n"],
    [{ ...message, inner: undefined }, "/inner"],
    [{ ...message, inner: { deep: [{ x: true }, {}] } }, "/inner/deep/1/x"],
    [{ ...message, any_json: "{" }, "/any"],
    [{ ...message, any_json: '{"__proto__":1}' }, "/any"],
    [
      { ...message, i: long(9007199254740993n) },
      "/i: expected a whole number within ±(2^53 − 1), got 9007199254740993",
    ],
    [{ ...message, list: [1, long(-9007199254740993n)] }, "/list/1: expected a whole number within"],
  ])("are refused with the place (%#)", async (given, place) => {
    const { read } = both(type);
    await expect(read(JSON.parse(JSON.stringify(given)) as object)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(place),
    });
  });

  it("that are no object are one field", async () => {
    const { read, write } = both(t.Array(t.Number()));
    expect(await read({ input: [1, 2] })).toEqual([1, 2]);
    expect(await read({})).toEqual([]);
    expect(await write([0.5, -1])).toEqual({ output: [0.5, -1] });
    expect(await both(t.Union([t.Number(), t.Null()])).read({})).toBeNull();
    await expect(both(t.Number()).read({})).rejects.toThrow("/input: is required");
  });

  it("of a list of any type are its JSON", async () => {
    const frames = list(dataFrame({ key: "df", columns: { id: "int64" } }));
    const { read, write } = both(frames);
    const value = (await read({ input_json: '[{"df":[{"id":9223372036854775807}]},{"df":[]}]' })) as {
      records(): unknown;
    }[];
    expect(value.map((frame) => frame.records())).toEqual([[{ id: 2n ** 63n - 1n }], []]);
    expect(await write(value)).toEqual({ output_json: '[{"df":[{"id":9223372036854775807}]},{"df":[]}]' });
    await expect(read({ input_json: '[{"df":[{"id":0.5}]}]' })).rejects.toThrow("/0/df/0/id");
    await expect(read({ input_json: "[" })).rejects.toThrow("/input");
  });

  it("keep NaN as a number where JSON would have something stand for it", async () => {
    expect(await both(t.Array(t.Number()), "null").write([NaN, 1])).toEqual({ output: [NaN, 1] });
    expect(await both(t.Object({ x: t.Number() }), "string").write({ x: -Infinity })).toEqual({ x: -Infinity });
    expect(await both(t.Object({ x: t.Number() }), "null").write({ x: NaN })).toEqual({ x: NaN });
    await expect(both(t.Number()).write(NaN)).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("write whole numbers of 64 bits exactly and refuse larger ones", async () => {
    expect(await both(t.Object({ x: t.Integer() })).write({ x: 2 ** 62 })).toEqual({ x: String(2n ** 62n) });
    await expect(both(t.Object({ x: t.Integer() })).write({ x: 2 ** 63 })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining('field "x" is int64'),
    });
  });
});

describe("texts, bytes, files and forms", () => {
  it("are text and bytes as they are", async () => {
    expect(await both(text()).read({ input: "" })).toBe("");
    expect(await both(text()).write("é")).toEqual({ output: "é" });
    expect(await both(bytes()).read({ input: Buffer.from([0, 255]) })).toEqual(Buffer.from([0, 255]));
    expect(await both(bytes()).write(Uint8Array.of(1, 2))).toEqual({ output: Buffer.from([1, 2]) });
  });

  it("say of a file what is known of it", async () => {
    const { read, write } = both(file());
    const plain = await read({ input: { data: Buffer.from("x") } });
    expect(plain).toMatchObject({ name: undefined, mediaType: "application/octet-stream", size: 1 });
    const named = await read({
      input: { data: Buffer.from("x"), media_type: "Text/CSV; charset=utf-8", name: "a/b\\c.csv" },
    });
    expect(named).toMatchObject({ name: "c.csv", mediaType: "text/csv" });
    expect(await write(createFile(Buffer.from("y"), { name: "z.txt", mediaType: "text/plain" }))).toEqual({
      output: { data: Buffer.from("y"), media_type: "text/plain", name: "z.txt" },
    });
  });

  it("make a form of fields of any type", async () => {
    const form = multipart({
      up: file(),
      note: text(),
      size: t.Object({ w: t.Integer() }),
      pixels: tensor("uint8", [null]),
      frame: dataFrame({ key: "df", columns: { a: { type: "float64", nullable: true } } }),
    });
    const { read, write } = both(form);
    const message = {
      up: { data: Buffer.from("x"), media_type: "text/plain", name: "x.txt" },
      note: "hello",
      size: { w: 3 },
      pixels: { data: Buffer.from([1, 2]) },
      frame: { a: { values: [1, 0], nulls: [false, true] } },
    };
    const value = (await read(message)) as { readonly frame: { records(): unknown } };
    expect(value).toMatchObject({
      note: "hello",
      size: { w: 3 },
      pixels: { shape: [2] },
      up: { name: "x.txt", size: 1 },
    });
    expect(value.frame.records()).toEqual([{ a: 1 }, { a: null }]);
    expect(await write(value)).toEqual({
      ...message,
      size: { w: "3" },
      pixels: { shape: ["2"], data: Buffer.from([1, 2]) },
    });
    await expect(read({ ...message, pixels: { shape: [3], data: Buffer.from([1]) } })).rejects.toThrow(
      "/pixels: expected 3 bytes",
    );
    await expect(read({ ...message, note: undefined })).rejects.toThrow("/note: this field is missing");
  });
});

describe("the wire", () => {
  const { readBytes, read } = both(
    t.Object({
      list: t.Array(t.Number()),
      ids: t.Array(t.Integer()),
      flags: t.Array(t.Boolean()),
      s: t.Optional(t.String()),
      inner: t.Optional(t.Object({ a: t.Optional(t.Number()), b: t.Optional(t.Number()) })),
    }),
  );
  const double = (value: number): Buffer => {
    const bytes8 = Buffer.alloc(8);
    bytes8.writeDoubleLE(value);
    return bytes8;
  };
  const join = (...parts: readonly (Buffer | readonly number[])[]): Buffer =>
    Buffer.concat(parts.map((part) => Buffer.from(part)));

  it("takes lists packed, one by one, and in pieces", async () => {
    const expected = { list: [1, 2, 3], ids: [1, -1, 300], flags: [true, false] };
    const one = join(
      [0x09],
      double(1),
      [0x09],
      double(2),
      [0x09],
      double(3),
      [0x10, 1],
      [0x10, ...MINUS_ONE],
      [0x10, 0xac, 2],
      [0x18, 1],
      [0x18, 0],
    );
    const pieces = join(
      [0x0a, 8],
      double(1),
      [0x12, 11, 1, ...MINUS_ONE],
      [0x0a, 0],
      [0x0a, 16],
      double(2),
      double(3),
      [0x10, 0xac, 2],
      [0x1a, 2, 1, 0],
    );
    expect(await readBytes(one)).toEqual(expected);
    expect(await readBytes(pieces)).toEqual(expected);
  });

  it("lets the last of single values count, merges messages that come twice, and passes by what it does not know", async () => {
    const bytes8 = join(
      [0x22, 1, 0x61],
      [0x22, 1, 0x62],
      [0x2a, 9, 0x09],
      double(1),
      [0x2a, 9, 0x11],
      double(2),
      // Field 99 of each wire type, a group in a group among them; field 1 with a wire type that is not its own.
      [0x98, 6, 1, 0x99, 6],
      double(9),
      [0x9a, 6, 2, 1, 1, 0x9b, 6, 0x9b, 6, 0x9c, 6, 0x9c, 6, 0x9d, 6, 1, 2, 3, 4],
      [0x08, 7],
    );
    expect(await readBytes(bytes8)).toEqual({ list: [], ids: [], flags: [], s: "b", inner: { a: 1, b: 2 } });
  });

  it.each([
    ["a text that is not UTF-8", [0x22, 1, 0xff], "/s: the text is not valid UTF-8"],
    ["a list cut in a number", [0x0a, 7, 0, 0, 0, 0, 0, 0, 0], "a list of numbers of 8 bytes has 7"],
    ["a length past the end", [0x22, 5, 0x61], "5 bytes are announced, 1 are left"],
    ["a varint without end", [0x10, 0x80], "the message ends within a varint"],
    [
      "a varint that is too long",
      [0x10, ...Array.from({ length: 10 }, () => 0xff), 1],
      "a varint has more than 64 bits",
    ],
    ["field number 0", [0x00, 0], "a field has no number"],
    ["a wire type that does not exist", [0x0f], "there is no wire type 7"],
    ["a packed list cut in a varint", [0x12, 2, 1, 0x80], "the message ends within a varint"],
  ])("refuses %s", async (_, message, reason) => {
    await expect(readBytes(Buffer.from(message))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(reason),
    });
  });

  it("refuses or reads any bytes, and never fails otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (message) => {
        const outcome = await readBytes(message).catch((thrown: unknown) => thrown);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ServingError);
        if (outcome instanceof ServingError) expect(outcome.code).toBe("INVALID_ARGUMENT");
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads what protobufjs writes", async () => {
    const values = fc.record(
      {
        list: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
        ids: fc.array(fc.maxSafeInteger()),
        flags: fc.array(fc.boolean()),
        s: fc.string({ unit: "grapheme" }),
        inner: fc.record({ a: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
      },
      { requiredKeys: ["list", "ids", "flags"] },
    );
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        expect(await read(value)).toEqual(value);
      }),
    );
  });

  it("bounds the messages inside of one", async () => {
    const many = both(t.Array(t.Object({ x: t.Optional(t.Number()) })));
    const message = Buffer.alloc(2 * 200_001);
    for (let at = 0; at < message.length; at += 2) message[at] = 0x0a;
    await expect(many.readBytes(message)).rejects.toThrow("expected at most 200000 messages inside of one");
    expect(await many.readBytes(message.subarray(0, 20))).toHaveLength(10);
  });
});

/** −1 as an int64: ten bytes. */
const MINUS_ONE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];

/** An int64 as protobufjs takes it. */
function long(value: bigint): object {
  const half = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
  return { low: half(value), high: half(value >> 32n), unsigned: false };
}
