import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../../errors.ts";
import type { TensorOf } from "../../../tensor/tensor.ts";
import { decodeWith, encodeWith, loadProtos } from "../../tensorflow/dynamic-proto.fixture.ts";
import { METRIC_TYPES, type SeldonMessage, type SeldonReply } from "../types.ts";
import { decodeFeedback, decodeMessage, decodeMessages } from "./decode-message.ts";
import { encodeMessage } from "./encode-message.ts";
import { createValueBudget, type DecodeBudgets } from "./read-field.ts";
import { toProtoValue } from "./proto-value.fixture.ts";

const protos = loadProtos("seldon.proto");
const Message = protos.lookupType("seldon.protos.SeldonMessage");
const Feedback = protos.lookupType("seldon.protos.Feedback");

const budgets = (): DecodeBudgets => ({
  values: createValueBudget(),
  repeated: { leftBytes: 1_000_000, limitName: "server.limits.grpc" },
});
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const decode = (bytes: Buffer): SeldonMessage => decodeMessage(bytes, "", budgets());
const decodeObject = (value: object): SeldonMessage => decode(encodeWith(Message, value));

/** A value wrapped in so many lists: each is a Value (field 6) with a ListValue (field 1). */
function nestedLists(depth: number): Buffer {
  let value: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) value = delimited(0x32, delimited(0x0a, value));
  return delimited(0x32, value);
}

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (cause) {
    if (cause instanceof ServingError) return `${cause.code} ${cause.message}`;
    throw cause;
  }
  return "";
};

// Meta without anything: field 2, length 0.
const EMPTY_META = "12 00";

describe("the codec of Seldon's messages", () => {
  it("reads a tensor: field 3, its tensor in field 2, packed shape and doubles", () => {
    // 1.0 is 3ff0…, 2.0 is 4000…
    const tensor = "0a 02 01 02  12 10 000000000000f03f 0000000000000040";
    expect(decode(hex(`1a 18 12 16 ${tensor}`))).toMatchObject({
      data: { kind: "tensor", names: [], shape: [1, 2], values: Float64Array.of(1, 2) },
    });
  });

  it("reads lists that are not packed, and those that come in pieces", () => {
    const sizes = "08 01 08 02";
    const values = "11 000000000000f03f 12 08 0000000000000040";
    expect(decode(hex(`1a 19 12 17 ${sizes} ${values}`)).data).toMatchObject({
      shape: [1, 2],
      values: Float64Array.of(1, 2),
    });
    // The same in two messages that are joined: shape first, values later.
    expect(decode(hex(`1a 06 12 04 ${sizes} 1a 15 12 13 ${values}`)).data).toMatchObject({
      shape: [1, 2],
      values: Float64Array.of(1, 2),
    });
  });

  it("takes the last of several kinds of data, and of several texts", () => {
    expect(decode(hex("2a 01 61 22 01 62 2a 01 63")).data).toEqual({ kind: "strData", text: "c" });
    expect(decode(hex("2a 01 61 2a 02 62 63")).data).toEqual({ kind: "strData", text: "bc" });
    expect(decode(hex("2a 00")).data).toEqual({ kind: "strData", text: "" });
    expect(decode(hex("32 02 1a 00")).data).toEqual({ kind: "jsonData", value: "" });
    expect(decode(hex("32 00")).data).toEqual({ kind: "jsonData", value: null });
    expect(decode(hex("")).data).toBeUndefined();
  });

  it("joins the pieces of a JSON value", () => {
    // Struct members {"a": 1} and {"b": true}, each in a Value of its own.
    const a = "2a 10 0a 0e 0a 01 61 12 09 11 000000000000f03f";
    const b = "2a 09 0a 07 0a 01 62 12 02 20 01";
    expect(decode(hex(`32 12 ${a} 32 0b ${b}`)).data).toEqual({ kind: "jsonData", value: { a: 1, b: true } });
  });

  it("skips fields that it does not know, and known ones of another wire type", () => {
    expect(decode(hex("a2 06 01 ff 28 07 2a 01 61 0b 0c")).data).toEqual({ kind: "strData", text: "a" });
  });

  it("writes meta even when it says nothing", async () => {
    const bytes = await encodeMessage({
      data: { kind: "strData", text: "a" },
      meta: { puid: "", tags: {}, requestPath: {}, metrics: [] },
    });
    expect(bytes).toEqual(hex(`${EMPTY_META} 2a 01 61`));
  });

  it("reads what another implementation writes of any message", () => {
    const text = fc.string({ unit: "grapheme" });
    const meta = fc.record({
      puid: text,
      tags: fc.dictionary(text.filter(isPlainKey), fc.jsonValue({ maxDepth: 3 }).filter(hasPlainKeys)),
      routing: fc.dictionary(text.filter(isPlainKey), fc.integer()),
      requestPath: fc.dictionary(text.filter(isPlainKey), text),
      metrics: fc.array(
        fc.record({
          key: text,
          type: fc.constantFrom(...METRIC_TYPES),
          value: fc.float({ noNaN: true, noDefaultInfinity: true }),
          tags: fc.dictionary(text.filter(isPlainKey), text),
        }),
      ),
    });
    const json = fc.jsonValue({ maxDepth: 4 }).filter(hasPlainKeys);
    fc.assert(
      fc.property(meta, json, fc.array(json), fc.array(text), (given, value, items, names) => {
        const tags = Object.fromEntries(Object.entries(given.tags).map(([key, tag]) => [key, toProtoValue(tag)]));
        const wire = { ...given, tags };
        expect(decodeObject({ meta: wire, jsonData: toProtoValue(value) })).toEqual({
          meta: given,
          data: { kind: "jsonData", value },
        });
        expect(decodeObject({ data: { names, ndarray: { values: items.map(toProtoValue) } } }).data).toEqual({
          kind: "ndarray",
          names,
          values: items,
        });
      }),
    );
  });

  it("writes what another implementation reads back, for any reply", async () => {
    const tensor = fc.array(fc.double({ noNaN: true })).map((values): TensorOf<"float64"> => ({
      dtype: "float64",
      shape: [values.length, 1],
      data: Float64Array.from(values),
    }));
    await fc.assert(
      fc.asyncProperty(tensor, fc.jsonValue({ maxDepth: 4 }), fc.array(fc.string()), async (array, value, names) => {
        const meta: SeldonReply["meta"] = {
          puid: "p",
          tags: { tag: value },
          requestPath: { unit: "image:1" },
          metrics: [{ key: "k", type: "TIMER", value: 0.5, tags: { a: "b" } }],
        };
        const wireMeta = {
          puid: "p",
          tags: { tag: toProtoValue(value) },
          requestPath: { unit: "image:1" },
          metrics: [{ key: "k", type: "TIMER", value: 0.5, tags: { a: "b" } }],
        };
        const cases: readonly (readonly [SeldonReply["data"], object])[] = [
          [
            { kind: "tensor", names, tensor: array },
            { data: { names, tensor: { shape: array.shape, values: Array.from(array.data) } } },
          ],
          [{ kind: "jsonData", value }, { jsonData: toProtoValue(value) }],
          [
            { kind: "ndarray", names, values: [value, null] },
            { data: { names, ndarray: { values: [toProtoValue(value), toProtoValue(null)] } } },
          ],
        ];
        for (const [data, expected] of cases) {
          const written = decodeWith(Message, await encodeMessage({ data, meta }));
          const wanted = decodeWith(Message, encodeWith(Message, { meta: wireMeta, ...expected }));
          expect(written).toEqual(wanted);
        }
      }),
    );
  });
});

describe("hostile messages", () => {
  it("cut short anywhere are refused or read as a shorter one, never a fault of the server", () => {
    const whole = encodeWith(Feedback, {
      request: {
        meta: {
          puid: "p",
          tags: { a: toProtoValue([1, { b: null }]) },
          metrics: [{ key: "k", type: "GAUGE", value: 2 }],
        },
        data: { names: ["a", "b"], tensor: { shape: [1, 2], values: [1, 2] } },
      },
      response: { data: { ndarray: { values: [toProtoValue([1, "x"])] } } },
      truth: { data: { tftensor: { dtype: "DT_FLOAT", tensorShape: { dim: [{ size: "1" }] }, floatVal: [1] } } },
      reward: 1,
    });
    for (let length = 0; length < whole.length; length += 1) {
      const refusal = messageOf(() => decodeFeedback(whole.subarray(0, length), budgets()));
      expect(refusal, `${length} bytes`).toMatch(/^(?:$|INVALID_ARGUMENT )/);
    }
  });

  it("of any bytes are refused as the caller's mistake or read", () => {
    // Bytes that look like the fields of these messages reach further into the readers than noise does.
    const tag = fc.constantFrom(0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32, 0x08, 0x10, 0x11, 0x1d, 0x20, 0x3a, 0x0b, 0x0c);
    const noise = fc.array(fc.oneof(tag, fc.nat(24), fc.nat(255)), { maxLength: 80 });
    fc.assert(
      fc.property(noise, (bytes) => {
        for (const read of [decodeFeedback, decodeMessages])
          expect(messageOf(() => read(Buffer.from(bytes), budgets()))).toMatch(
            /^(?:$|INVALID_ARGUMENT |PAYLOAD_TOO_LARGE )/,
          );
      }),
      { numRuns: 3000 },
    );
  });

  it("nested deeper than JSON may be are refused before the stack ends", () => {
    expect(messageOf(() => decode(nestedLists(64)))).toBe("");
    for (const depth of [65, 20_000])
      expect(messageOf(() => decode(nestedLists(depth)))).toContain("are nested more than 64 deep");
  });

  it("with keys that reach a prototype are refused", () => {
    const json = encodeWith(Message, {
      jsonData: { structValue: { fields: JSON.parse('{"__proto__": {"numberValue": 1}}') as object } },
    });
    expect(messageOf(() => decode(json))).toContain("/jsonData/__proto__: a key of this name is not allowed");
  });

  it("with numbers that JSON has not are refused with their place", () => {
    const nan = { ndarray: { values: [{ numberValue: 1 }, { numberValue: NaN }] } };
    expect(messageOf(() => decodeObject({ data: nan }))).toContain(
      "/data/ndarray/1: expected a finite number, got NaN",
    );
    expect(messageOf(() => decodeFeedback(encodeWith(Feedback, { reward: Infinity }), budgets()))).toContain("/reward");
  });

  it("with texts that are not UTF-8 are refused with their place", () => {
    expect(messageOf(() => decode(hex("2a 01 ff")))).toContain("/strData: the text is not valid UTF-8");
    expect(messageOf(() => decode(hex("1a 03 0a 01 ff")))).toContain("/data/names/0: the text is not valid UTF-8");
  });

  it("whose shape asks for more than they bring are refused", () => {
    const shaped = (shape: readonly number[], values: readonly number[] = []): string =>
      messageOf(() => decodeObject({ data: { tensor: { shape, values } } }));
    expect(shaped([2 ** 31 - 1, 2 ** 31 - 1])).toContain("more elements than can be counted");
    expect(shaped([1000, 1000], [1])).toContain("expected 1000000 values for shape [1000,1000], got 1");
    expect(shaped([0, 2 ** 31 - 1])).toContain("too large for an array without values");
    expect(shaped([2_000_000, 0])).toContain("too large for an array without values");
    expect(
      shaped(
        Array.from({ length: 100 }, () => 1),
        [1],
      ),
    ).toContain("expected at most 64 dimensions");
  });

  it("in many small pieces take the time of their bytes", () => {
    const piece = hex("1a 02 0a 00");
    const names = Buffer.concat(Array.from({ length: 200_000 }, () => piece));
    expect(decode(names).data).toMatchObject({ kind: "ndarray", values: [] });
    const empty = Buffer.concat([hex("1a 05 0a 03 61 62 63"), ...Array.from({ length: 200_000 }, () => hex("1a 00"))]);
    expect(decode(empty).data).toMatchObject({ names: ["abc"] });
  });

  it("of millions of lists are refused before they take their memory", () => {
    // A list in the array: field 1, a Value whose field 6 is an empty list.
    const lists = Buffer.alloc(4 * 1_100_000, hex("0a 02 32 00"));
    expect(messageOf(() => decode(delimited(0x1a, delimited(0x1a, lists))))).toContain(
      "more lists, objects and values",
    );
  });
});

function delimited(tag: number, inner: Buffer): Buffer {
  const length: number[] = [];
  let rest = inner.length;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([tag, ...length, rest]), inner]);
}

const isPlainKey = (key: string): boolean => key !== "__proto__" && key !== "constructor";

function hasPlainKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, member]) => isPlainKey(key) && hasPlainKeys(member));
}
