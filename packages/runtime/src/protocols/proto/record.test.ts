import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ApiInput, defineService } from "../../definition/define-service.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import type { IoSpec, JsonSchema } from "../../io/types.ts";
import { planProto } from "./plan-proto.ts";
import { printProto } from "./print-proto.ts";
import { protoChanges } from "./proto-changes.ts";
import { parseProtoRecord, toProtoRecord } from "./record.ts";
import type { ProtoMessage, ProtoRecord } from "./types.ts";

type Types = Readonly<Record<string, JsonSchema>>;

const NUMBER: JsonSchema = { type: "number" };
const TEXT: JsonSchema = { type: "string" };
const PLAIN: IoSpec = { kind: "text", maxLength: null };

const object = (properties: Types): IoSpec => ({ kind: "json", schema: { type: "object", properties } });
const serviceOf = (...apis: readonly ApiInput[]): ServiceDefinition => defineService({ name: "shop", apis });
const taking = (properties: Types): ServiceDefinition =>
  serviceOf({ name: "order", input: object(properties), output: PLAIN });

/** The record after a service was written down. */
function write(definition: ServiceDefinition, before?: ProtoRecord): ProtoRecord {
  const record = toProtoRecord(planProto(definition, before), before);
  // As a file gives it back.
  return parseProtoRecord(JSON.stringify(record));
}

function requestOf(definition: ServiceDefinition, record?: ProtoRecord): ProtoMessage {
  const [method] = planProto(definition, record).methods;
  if (method === undefined) throw new Error("no method");
  return method.request;
}

const numbersOf = ({ fields }: ProtoMessage): Readonly<Record<string, number>> =>
  Object.fromEntries(fields.map(({ key, number }) => [key, number]));

describe("numbers of fields", () => {
  it("stay when the order changes", () => {
    const record = write(taking({ a: NUMBER, b: TEXT, c: NUMBER }));
    const reordered = taking({ c: NUMBER, d: NUMBER, a: NUMBER, b: TEXT });
    expect(numbersOf(requestOf(reordered, record))).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    const again = taking({ b: TEXT, d: NUMBER, c: NUMBER, a: NUMBER });
    const text = (definition: ServiceDefinition): string => printProto(planProto(definition, write(reordered, record)));
    expect(text(again)).toBe(text(reordered));
  });

  it("are not given again when a field goes: number and name are reserved until it comes back with a new number", () => {
    const without = write(taking({ b: TEXT }), write(taking({ a: NUMBER, b: TEXT })));
    expect(printProto(planProto(taking({ b: TEXT }), without))).toContain(`message OrderRequest {
  reserved 1;
  reserved "a";

  optional string b = 2;
}`);
    const back = planProto(taking({ a: NUMBER, b: TEXT, c: TEXT }), without);
    expect(printProto(back)).toContain(`message OrderRequest {
  reserved 1;

  optional string b = 2;
  optional double a = 3;
  optional string c = 4;
}`);
  });

  it("change with the type, so that no reader takes one for the other", () => {
    const record = write(taking({ a: NUMBER, b: { type: "array", items: NUMBER } }));
    const changed = taking({ a: TEXT, b: NUMBER });
    expect(requestOf(changed, record)).toMatchObject({
      fields: [
        { key: "a", number: 3 },
        { key: "b", number: 4 },
      ],
      reserved: { numbers: [1, 2], names: [] },
    });
  });

  it("hold inside of messages too, and through a removed API", () => {
    const inner = (properties: Types): Types => ({ item: { type: "object", properties } });
    const record = write(taking(inner({ x: NUMBER, y: NUMBER })));
    const other = serviceOf({ name: "other", input: PLAIN, output: PLAIN });
    const gone = write(other, record);
    expect(gone.methods["Order"]).toMatchObject({ isRemoved: true });
    const item = requestOf(taking(inner({ y: NUMBER, z: TEXT })), gone).fields[0]?.type;
    expect(item).toMatchObject({
      name: "Item",
      fields: [
        { key: "y", number: 2 },
        { key: "z", number: 3 },
      ],
      reserved: { numbers: [1], names: ["x"] },
    });
  });

  it("pass by those that protobuf keeps for itself", () => {
    const record = write(taking({ a: NUMBER }));
    const text = JSON.stringify(record).replace('"number":1', '"number":18999');
    expect(numbersOf(requestOf(taking({ a: NUMBER, b: NUMBER, c: NUMBER }), parseProtoRecord(text)))).toEqual({
      a: 18_999,
      b: 20_000,
      c: 20_001,
    });
  });

  it("mean one field of one type for ever, whatever comes and goes", () => {
    const types = fc.dictionary(
      fc.constantFrom("a", "b", "c", "d", "a_b", "aB", "e f"),
      fc.constantFrom(NUMBER, TEXT),
      {
        minKeys: 1,
      },
    );
    fc.assert(
      fc.property(fc.array(types, { minLength: 2, maxLength: 8 }), (versions) => {
        const meaning = new Map<number, string>();
        let record: ProtoRecord | undefined;
        for (const version of versions) {
          const definition = taking(version);
          const { fields, reserved } = requestOf(definition, record);
          for (const { number, key, type, name } of fields) {
            const meant = JSON.stringify([key, type, name]);
            expect(meaning.get(number) ?? meant).toBe(meant);
            meaning.set(number, meant);
            expect(reserved.numbers).not.toContain(number);
            expect(reserved.names).not.toContain(name);
          }
          record = write(definition, record);
        }
      }),
    );
  });
});

describe("changes", () => {
  const record = write(
    serviceOf(
      { name: "order", input: object({ a: NUMBER, b: TEXT }), output: PLAIN },
      { name: "old", input: PLAIN, output: PLAIN },
    ),
  );

  it("are none for the service that was recorded, whatever its order", () => {
    const same = serviceOf(
      { name: "old", input: PLAIN, output: PLAIN },
      { name: "order", input: object({ b: TEXT, a: NUMBER }), output: PLAIN },
    );
    expect(protoChanges(planProto(same, record), record)).toEqual({ breaking: [], unrecorded: [] });
  });

  it("are told in words", () => {
    const changed = defineService({
      name: "store",
      apis: [
        { name: "order", input: object({ a: TEXT, c: NUMBER }), output: PLAIN, stream: true },
        { name: "fresh", input: PLAIN, output: PLAIN },
      ],
    });
    expect(protoChanges(planProto(changed, record), record)).toEqual({
      breaking: [
        "package bento.shop.v1 is called bento.store.v1 now: clients call the old one",
        "service Shop is called Store now: clients call the old one",
        "method Old is gone",
        "method Order answers with a stream, before with one message",
        "OrderRequest.a is string now, before it was double: clients made before don't know its new number",
      ],
      unrecorded: [
        "OrderRequest.b is gone, its number 2 is not reserved yet",
        "OrderRequest.c is new",
        "method Fresh is new",
      ],
    });
  });

  it("are accepted by writing them down", () => {
    const without = serviceOf({ name: "order", input: object({ a: TEXT }), output: PLAIN });
    const accepted = write(without, record);
    expect(protoChanges(planProto(without, accepted), accepted)).toEqual({ breaking: [], unrecorded: [] });
  });
});

describe("bento.proto.json", () => {
  const message = (fields: object, reserved?: object): string =>
    JSON.stringify({
      formatVersion: 1,
      package: "bento.shop.v1",
      service: "Shop",
      methods: { Order: { stream: false, request: { fields, reserved }, response: { fields: {} } } },
    });

  it.each([
    ["{", "it is no JSON"],
    ["[]", 'expected "formatVersion": 1'],
    ['{"formatVersion":2}', 'expected "formatVersion": 1'],
    ['{"formatVersion":1}', '"package", "service" or "methods" is missing'],
    [
      message({ a: { number: 1, type: "double" }, b: { number: 1, type: "string" } }),
      'Order.request.b: number 1 belongs to "a": no number may be used again',
    ],
    [
      message({ a: { number: 1, type: "double" } }, { numbers: [1], names: [] }),
      "Order.request.a: number 1 belongs to a field that is gone",
    ],
    [message({ a: { number: 0, type: "double" } }), 'Order.request.a: expected "number" (1 to 536870911'],
    [message({ a: { number: 19_000, type: "double" } }), "not 19000 to 19999"],
    [message({ a: { number: 1 } }), 'Order.request.a: expected "number"'],
    [message({ "a b": { number: 1, type: "double" } }), 'Order.request.a b: expected a "name"'],
    [message({ a: { number: 1, type: "double" } }, { numbers: [2], names: ['"; }'] }), "Order.request.reserved"],
  ])("refuses %s", (text, reason) => {
    expect(() => parseProtoRecord(text)).toThrow(`bento.proto.json can't be used: `);
    expect(() => parseProtoRecord(text)).toThrow(reason);
  });
});
