import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../../io/types.ts";
import type { JsonObject } from "./json-object.ts";
import { createComponents, toComponentName } from "./to-components.ts";

function componentsOf(schema: JsonSchema, name = "Score"): JsonObject {
  const components = createComponents();
  expect(components.add(name, schema)).toEqual({ $ref: "#/components/schemas/Score" });
  return components.schemas();
}

const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

describe("createComponents", () => {
  it("keeps a schema without references as it is", () => {
    const schema = { type: "object", properties: { $ref: { type: "string" }, $id: { enum: [{ $ref: "#" }] } } };
    expect(componentsOf(schema)).toEqual({ Score: schema });
  });

  it("makes a component of each definition that is referred to, and of no other", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "array",
      items: { $ref: "#/$defs/row", description: "one row" },
      $defs: {
        row: { type: "object", properties: { cell: { $ref: "#/$defs/cell" } } },
        cell: { type: "number" },
        unused: {},
      },
    };
    expect(componentsOf(schema)).toEqual({
      Score: { type: "array", items: { ...ref("ScoreRow"), description: "one row" } },
      ScoreRow: { type: "object", properties: { cell: ref("ScoreCell") } },
      ScoreCell: { type: "number" },
    });
  });

  it("follows references to the schema itself", () => {
    const schema = { type: "object", properties: { next: { $ref: "#" } } };
    expect(componentsOf(schema)).toEqual({ Score: { type: "object", properties: { next: ref("Score") } } });
  });

  it("follows pointers to any place, with escapes, and refers to it from that place as well", () => {
    const schema = {
      properties: {
        "a/b %": { type: "number" },
        c: { $ref: "#/properties/a~1b%20%25" },
        d: { prefixItems: [true, { type: "null" }] },
        e: { $ref: "#/properties/d/prefixItems/1" },
      },
    };
    expect(componentsOf(schema)).toEqual({
      Score: {
        properties: {
          "a/b %": ref("ScoreAB"),
          c: ref("ScoreAB"),
          d: { prefixItems: [true, ref("Score1")] },
          e: ref("Score1"),
        },
      },
      ScoreAB: { type: "number" },
      Score1: { type: "null" },
    });
  });

  it("follows anchors and ids, each within its own document", () => {
    const schema = {
      $id: "https://example.com/outer",
      $defs: {
        a: { $anchor: "place", type: "string" },
        inner: { $id: "inner", $ref: "#/$defs/a", $defs: { a: { type: "boolean" } } },
      },
      anyOf: [{ $ref: "#place" }, { $ref: "inner" }, { $ref: "https://example.com/outer" }],
    };
    expect(componentsOf(schema)).toEqual({
      Score: { anyOf: [ref("ScorePlace"), ref("ScoreInner"), ref("Score")] },
      ScorePlace: { type: "string" },
      ScoreInner: ref("ScoreA"),
      ScoreA: { type: "boolean" },
    });
  });

  it("leaves open, with a word on it, what is defined elsewhere: nothing is fetched", () => {
    const schema = { properties: { a: { $ref: "https://example.com/schema.json" }, b: { $ref: "#/$defs/missing" } } };
    expect(componentsOf(schema)).toEqual({
      Score: {
        properties: {
          a: { description: "as defined by https://example.com/schema.json" },
          b: { description: "as defined by #/$defs/missing" },
        },
      },
    });
  });

  it("numbers names that are taken", () => {
    const components = createComponents();
    expect(components.add("Score", {})).toEqual(ref("Score"));
    expect(components.add("score", { $ref: "#/$defs/a", $defs: { a: { type: "string" } } })).toEqual(ref("Score2"));
    expect(components.schemas()).toEqual({ Score: {}, Score2: ref("Score2A"), Score2A: { type: "string" } });
  });

  it("takes the recursive schemas of TypeBox", () => {
    const schema = Type.Cyclic({ Node: Type.Object({ nodes: Type.Array(Type.Ref("Node")) }) }, "Node");
    expect(componentsOf(JSON.parse(JSON.stringify(schema)) as JsonSchema)).toEqual({
      Score: ref("ScoreNode"),
      ScoreNode: {
        type: "object",
        required: ["nodes"],
        properties: { nodes: { type: "array", items: ref("ScoreNode") } },
      },
    });
  });

  it("takes the recursive schemas of zod", () => {
    const Cat = z.object({
      get kittens() {
        return z.array(Cat);
      },
    });
    expect(componentsOf(JSON.parse(JSON.stringify(z.toJSONSchema(z.array(Cat)))) as JsonSchema)).toEqual({
      Score: { type: "array", items: ref("ScoreSchema0") },
      ScoreSchema0: {
        type: "object",
        required: ["kittens"],
        properties: { kittens: { type: "array", items: ref("ScoreSchema0") } },
        additionalProperties: false,
      },
    });
  });
});

describe("toComponentName", () => {
  it.each([
    ["score", "Score"],
    ["score_all", "ScoreAll"],
    ["__schema0", "Schema0"],
    ["größe", "GrE"],
    ["数", "Schema"],
  ])("turns %j into %s", (text, name) => {
    expect(toComponentName(text)).toBe(name);
  });
});
