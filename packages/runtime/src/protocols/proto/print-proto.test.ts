import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, it } from "vitest";
import { type ApiInput, defineService } from "../../definition/define-service.ts";
import type { IoSpec, JsonSchema } from "../../io/types.ts";
import { bytes, dataFrame, file, image, multipart, optional, t, tensor, tensors, text } from "../../index.ts";
import { toIoType } from "../../io/to-io-type.ts";
import { planProto } from "./plan-proto.ts";
import { printProto } from "./print-proto.ts";

const specOf = (type: Parameters<typeof toIoType>[0]): IoSpec => toIoType(type).spec;
const say = specOf(text());

/** The text of a service with these APIs. */
function print(apis: readonly ApiInput[], name = "test"): string {
  return printProto(planProto(defineService({ name, apis }), undefined));
}

it("says who may call where an author has said it, and not by which rules", () => {
  const rules = { allow: [{ groups: ["ml"] }] };
  const text = print([
    { name: "hello", input: say, output: say, authorize: "public" },
    { name: "score", input: say, output: say, summary: "One price", authorize: rules },
  ]);
  expect(text).toContain(`
  // Asks for no credentials, where the server lets its author say so.
  rpc Hello(`);
  expect(text).toContain(`
  // One price
  //
  // For callers that its author's rules let in: credentials go into the metadata, as \`authorization: Bearer TOKEN\`
  // or as the server has it. UNAUTHENTICATED without them, PERMISSION_DENIED when they are good and not enough.
  rpc Score(`);
  expect(text).not.toContain("ml");
});

/** The messages of one API, without what stands before and behind them. */
function messages(input: IoSpec, output: IoSpec = say): string {
  const [, after = ""] = print([{ name: "do", input, output }]).split("\n}\n\n", 2);
  return `${after}\n}`;
}

it("writes a service, its methods by name, and what its author says of them", () => {
  const apis = [
    { name: "top_k", input: say, output: say, stream: true },
    {
      name: "score",
      input: say,
      output: say,
      summary: "One price for each row",
      description: "In thousands.\n\nOf 1978.",
    },
  ];
  const definition = defineService({ name: "boston-prices", description: "House prices.\r\n*/ no end", apis });
  expect(printProto(planProto(definition, undefined))).toBe(`syntax = "proto3";

package bento.boston_prices.v1;

// House prices.
// */ no end
service BostonPrices {
  // One price for each row
  //
  // In thousands.
  //
  // Of 1978.
  rpc Score(ScoreRequest) returns (ScoreResponse);

  rpc TopK(TopKRequest) returns (stream TopKResponse);
}

message ScoreRequest {
  optional string input = 1;
}

message ScoreResponse {
  string output = 1;
}

message TopKRequest {
  optional string input = 1;
}

message TopKResponse {
  string output = 1;
}
`);
});

it("makes a data frame's columns lists, those with empty cells messages", () => {
  const columns = {
    RM: { type: "float64", min: 1, max: 12, description: "Mean number of rooms" },
    age: "float32",
    id: "int64",
    rad: "int32",
    river: "bool",
    town: { type: "string", maxLength: 9 },
    note: { type: "string", nullable: true },
  } as const;
  expect(messages(specOf(dataFrame({ key: "df", columns })))).toBe(`message DoRequest {
  // Mean number of rooms
  // At least 1, at most 12.
  repeated double RM = 1;
  repeated float age = 2;
  repeated int64 id = 3;
  repeated int32 rad = 4;
  repeated bool river = 5;
  // At most 9 characters.
  repeated string town = 6;
  NullableStrings note = 7;
}`);
});

it("makes tensors messages by their element type, under the names that callers know", () => {
  const named = tensors({ "input:0": { dtype: "int64", shape: [2, null] }, b: { dtype: "string", shape: [] } });
  const text = print([{ name: "do", input: specOf(named), output: specOf(tensor("float32", [null, 4])) }]);
  expect(text).toContain(`message DoRequest {
  // Shape [2,-1], -1 is free.
  Int64Tensor input_0 = 1 [json_name = "input:0"];
  // Shape [].
  StringTensor b = 2;
}

message DoResponse {
  // Shape [-1,4], -1 is free.
  Float32Tensor output = 1;
}

// A tensor of 32-bit floats.
message Float32Tensor {
  // Sizes; may be left out of a request where at most one of them is free.
  repeated int64 shape = 1;
  // The elements, little-endian, row by row, without padding.
  bytes data = 2;
}
`);
});

it("makes a form's fields fields, binary ones bytes", () => {
  const frame = dataFrame({ key: "df", columns: { z: "bool" } });
  const form = multipart({ up: file(), picture: optional(image({})), raw: bytes(), frame, size: t.Integer() });
  expect(messages(specOf(form))).toBe(`message DoRequest {
  message Frame {
    repeated bool z = 1;
  }

  File up = 1;
  // A picture.
  optional bytes picture = 2;
  // application/octet-stream
  optional bytes raw = 3;
  Frame frame = 4;
  optional int64 size = 5;
}`);
});

it("gives JSON values types where they have one, and is their text elsewhere", () => {
  const value = t.Object({
    n: t.Number({ description: "A number" }),
    i: t.Integer(),
    s: t.Optional(t.String()),
    yes: t.Boolean(),
    size: t.Union([t.Literal("S"), t.Literal("M")]),
    maybe: t.Union([t.Number(), t.Null()]),
    list: t.Array(t.Number()),
    matrix: t.Array(t.Array(t.Number())),
    inner: t.Object({ deep: t.Array(t.Object({ x: t.Boolean() })) }),
    any: t.Unknown(),
    byName: t.Record(t.String(), t.Number()),
    pair: t.Tuple([t.Number(), t.String()]),
    listOrNull: t.Union([t.Array(t.Number()), t.Null()]),
  });
  expect(messages(specOf(value))).toBe(`message DoRequest {
  message Matrix {
    repeated double values = 1;
  }

  message Inner {
    message Deep {
      optional bool x = 1;
    }

    repeated Deep deep = 1;
  }

  // A number
  optional double n = 1;
  optional int64 i = 2;
  optional string s = 3;
  optional bool yes = 4;
  // One of "S", "M".
  optional string size = 5;
  optional double maybe = 6;
  repeated double list = 7;
  repeated Matrix matrix = 8;
  Inner inner = 9;
  // JSON.
  optional string any_json = 10;
  // JSON.
  optional string byName_json = 11;
  // JSON.
  optional string pair_json = 12;
  // JSON.
  optional string listOrNull_json = 13;
}`);
});

it("tells in an answer only what may be missing from what is 0", () => {
  const value = t.Object({ a: t.Number(), b: t.Optional(t.Number()), c: t.Union([t.Number(), t.Null()]) });
  expect(print([{ name: "do", input: say, output: specOf(value) }])).toContain(`message DoResponse {
  double a = 1;
  optional double b = 2;
  optional double c = 3;
}`);
});

it("keeps names apart that generated code would call alike", () => {
  // An object has the keys that are whole numbers first.
  const columns = {
    a_b: "float64",
    aB: "float64",
    "a b": "float64",
    "0": "float64",
    _x: "float64",
    A_B: "float64",
  } as const;
  expect(messages(specOf(dataFrame({ key: "df", columns })))).toBe(`message DoRequest {
  repeated double f_0 = 1 [json_name = "0"];
  repeated double a_b = 2 [json_name = "a_b"];
  repeated double aB_2 = 3 [json_name = "aB"];
  repeated double a_b_4 = 4 [json_name = "a b"];
  repeated double f__x = 5 [json_name = "_x"];
  repeated double A_B_3 = 6 [json_name = "A_B"];
}`);
});

it("keeps methods apart, and messages from the service and from each other", () => {
  const apis = ["topK", "top_k", "score"].map((name) => ({ name, input: specOf(file()), output: say }));
  const text = print(apis, "file");
  expect(text).toContain("service File {");
  expect(text).toContain("rpc topK(topKRequest)");
  expect(text).toContain("rpc top_k(top_kRequest)");
  expect(text).toContain("FileMessage input = 1;");
  expect(text).toContain("message FileMessage {");
  expect(print([{ name: "score", input: say, output: say }], "score-request")).toContain(
    "rpc Score(ScoreRequestMessage) returns (ScoreResponse);",
  );
});

const anyName = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    "constructor",
    "toString",
    "hasOwnProperty",
    "message",
    "reserved",
    "optional",
    "int32",
    "File",
    "Inner",
    "values",
  ),
);
/** No column can have the name that no object literal can hold. */
const columnName = anyName.filter((name) => name !== "__proto__");
const anySpec: fc.Arbitrary<IoSpec> = fc.letrec<{ spec: IoSpec; json: IoSpec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 2 },
    fc.constant(specOf(file())),
    fc
      .dictionary(columnName, fc.constantFrom("float64", "string", "int64"), { minKeys: 1, maxKeys: 5 })
      .map((columns): IoSpec => specOf(dataFrame({ key: "df", columns }))),
    fc.dictionary(anyName, tie("spec"), { minKeys: 1, maxKeys: 4 }).map((fields): IoSpec => ({
      kind: "multipart",
      fields: Object.fromEntries(Object.entries(fields).map(([name, spec]) => [name, { spec, required: true }])),
    })),
    tie("json"),
  ),
  json: fc
    .dictionary(
      anyName,
      fc.constantFrom<JsonSchema>({ type: "number" }, { type: "array", items: { type: "string" } }, {}),
      {
        minKeys: 1,
        maxKeys: 5,
      },
    )
    .map((properties): IoSpec => ({
      kind: "json",
      schema: { type: "object", properties: { ...properties, Inner: { type: "object", properties } } },
    })),
})).spec;

it("is text that another parser takes, whatever the names of an author", () => {
  fc.assert(
    fc.property(anySpec, anySpec, fc.string({ unit: "binary" }), (input, output, description) => {
      const text = print([{ name: "do", input, output, description }]);
      const { root } = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
      root.resolveAll();
      expect(root.lookupService("bento.test.v1.Test").methodsArray.map(({ name }) => name)).toEqual(["Do"]);
    }),
    { numRuns: 300 },
  );
});
