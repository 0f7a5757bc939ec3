import { Validator } from "@seriousme/openapi-schema-validator";
import { Check, Meta } from "typebox/schema";
import { describe, expect, it } from "vitest";
import { type ApiInput, defineService } from "../../definition/define-service.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import type { ImageSpec, IoSpec, JsonSchema, JsonValue } from "../../io/types.ts";
import { openApiDocument } from "./document.ts";
import { isJsonList, isJsonObject, type JsonObject } from "./json-object.ts";
import type { OpenApiOptions } from "./types.ts";

const IMAGE: ImageSpec = {
  kind: "image",
  size: null,
  fit: "fill",
  channels: "rgb",
  layout: "nchw",
  formats: ["png", "jpeg"],
  maxPixels: 1e6,
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  dtype: "float32",
};

/** One spec of every kind, and the harder schemas among those of kind "json". */
const SPECS = {
  number: { kind: "json", schema: { type: "number", exclusiveMinimum: 0 } },
  anything: { kind: "json", schema: {} },
  tuple: { kind: "json", schema: { type: "array", prefixItems: [{ type: "string" }, { const: 1 }], items: false } },
  tree: {
    kind: "json",
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $ref: "#/$defs/node",
      $defs: {
        node: {
          type: "object",
          required: ["left"],
          properties: { left: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
        },
      },
    },
  },
  record: { kind: "json", schema: { type: "object", patternProperties: { "^.*$": { type: ["integer", "null"] } } } },
  frame: {
    kind: "dataFrame",
    key: "df",
    columns: {
      RM: { type: "float64", min: 1, max: 12, description: "Rooms" },
      town: { type: "string", enum: ["a", "b"], nullable: true },
      id: { type: "int64" },
    },
    case: "exact",
    extra: "error",
    orient: "records",
    minRows: 1,
    maxRows: 100,
  },
  floats: { kind: "tensor", dtype: "float32", shape: [null, 4] },
  longs: { kind: "tensor", dtype: "int64", shape: [null] },
  scalar: { kind: "tensor", dtype: "bool", shape: [] },
  several: {
    kind: "tensors",
    tensors: { x: { dtype: "float64", shape: [null, 2] }, "y z": { dtype: "string", shape: [3] } },
  },
  picture: IMAGE,
  anyFile: { kind: "file", mediaTypes: [] },
  pdf: { kind: "file", mediaTypes: ["application/pdf", "audio/*"] },
  letter: { kind: "text", maxLength: 10 },
  blob: { kind: "bytes", mediaType: "application/x-thing" },
  form: {
    kind: "multipart",
    fields: {
      photo: { spec: IMAGE, required: true },
      note: { spec: { kind: "text", maxLength: null }, required: false },
      schema: { spec: { kind: "json", schema: { type: "object", properties: { a: { $ref: "#" } } } }, required: true },
    },
  },
} as const satisfies Record<string, IoSpec>;

const everyKind = (stream: boolean): ServiceDefinition =>
  define(
    Object.entries(SPECS).map(([name, spec]) => ({
      name,
      input: spec,
      output: stream ? SPECS.number : spec,
      stream,
      summary: "What it does",
      description: "With **markdown**.",
      timeoutMs: 500,
      maxBodyBytes: 1000,
    })),
  );

function define(apis: readonly ApiInput[], description = "A service."): ServiceDefinition {
  return defineService({ name: "every-kind", version: "1.2.3", description, apis });
}

const one = (api: Partial<ApiInput>, options: OpenApiOptions = {}): JsonObject =>
  openApiDocument(define([{ name: "score", input: SPECS.number, output: SPECS.number, ...api }]), options);

/** The value at a path of keys. */
function at(value: JsonValue, ...keys: readonly (string | number)[]): JsonValue | undefined {
  return keys.reduce<JsonValue | undefined>((inner, key) => {
    if (isJsonList(inner)) return inner[Number(key)];
    return isJsonObject(inner) ? inner[key] : undefined;
  }, value);
}

const score = (document: JsonObject, ...keys: readonly (string | number)[]): JsonValue | undefined =>
  at(document, "paths", "/score", "post", ...keys);

/** Every object in a document with its path. */
function* walk(value: JsonValue, path: readonly string[] = []): Generator<readonly [readonly string[], JsonObject]> {
  if (isJsonObject(value)) yield [path, value];
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* walk(inner, [...path, key]);
  }
}

describe.each(["3.1", "3.0"] as const)("openApiDocument in %s", (version) => {
  it.each([
    ["answers", false],
    ["streams", true],
  ])("is a valid document for a service that takes every kind of input and %s", async (_word, stream) => {
    const document = openApiDocument(everyKind(stream), { version });
    const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it("refers to nothing that is not in it", () => {
    const document = openApiDocument(everyKind(false), { version });
    const references = [...walk(document)].flatMap(([, { $ref }]) => (typeof $ref === "string" ? [$ref] : []));
    expect(references.length).toBeGreaterThan(50);
    const lost = references.filter(
      (ref) => !ref.startsWith("#/") || at(document, ...ref.slice(2).split("/")) === undefined,
    );
    expect(lost).toEqual([]);
  });

  it("names operations and components so that generators of clients take them", () => {
    const document = openApiDocument(everyKind(false), { version });
    const operations = [...walk(document)].flatMap(([, { operationId }]) =>
      typeof operationId === "string" ? [operationId] : [],
    );
    expect(new Set(operations).size).toBe(operations.length);
    expect(operations).toEqual([...Object.keys(SPECS), "healthz", "readyz"]);
    const kinds = Object.values(at(document, "components") ?? {}) as JsonObject[];
    for (const name of kinds.flatMap((kind) => Object.keys(kind))) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9]*$/);
  });

  it("is the same for the same definition after it went through JSON", () => {
    const definition = everyKind(false);
    const copy = JSON.parse(JSON.stringify(definition)) as ServiceDefinition;
    expect(JSON.stringify(openApiDocument(copy, { version }))).toBe(
      JSON.stringify(openApiDocument(definition, { version })),
    );
  });
});

describe("openApiDocument", () => {
  it("has valid JSON Schemas of 2020-12 in 3.1", () => {
    const document = openApiDocument(everyKind(false));
    const inPlace = [...walk(document)].flatMap(([path, node]) =>
      path.at(-2) === "encoding" || node["schema"] === undefined ? [] : [node["schema"]],
    );
    const schemas = [...inPlace, ...Object.values(at(document, "components", "schemas") ?? {})] as JsonSchema[];
    expect(schemas.length).toBeGreaterThan(40);
    expect(schemas.filter((schema) => !Check(Meta["https://json-schema.org/draft/2020-12/schema"], schema))).toEqual(
      [],
    );
  });

  it("is written in 3.1.0 unless 3.0 is asked for", () => {
    expect(one({})["openapi"]).toBe("3.1.0");
    expect(one({}, { version: "3.0" })["openapi"]).toBe("3.0.3");
  });

  it("tells name, version and description of the service", () => {
    expect(one({})["info"]).toEqual({ title: "every-kind", version: "1.2.3", description: "A service." });
    expect(openApiDocument(define([{ name: "a", input: SPECS.number, output: SPECS.number }], ""))["info"]).toEqual({
      title: "every-kind",
      version: "1.2.3",
    });
  });

  it.each([
    [{}, "/"],
    [{ basePath: "/svc" }, "/svc"],
    [{ serverUrl: "https://models.example.com/" }, "https://models.example.com"],
    [{ serverUrl: "https://models.example.com", basePath: "/svc" }, "https://models.example.com/svc"],
  ])("tells with %j that the server is at %j", (options, url) => {
    expect(one({}, options)["servers"]).toEqual([{ url }]);
  });

  it("describes an API by its name, texts, bounds and headers", () => {
    const document = one({ summary: "Prices", description: "In **dollars**.", maxBodyBytes: 2048, timeoutMs: 250 });
    expect(score(document, "operationId")).toBe("score");
    expect(score(document, "summary")).toBe("Prices");
    expect(score(document, "description")).toBe(
      "In **dollars**.\n\nThe body may have up to 2048 bytes.\n\nA call may take up to 250 ms.",
    );
    expect(score(document, "parameters")).toEqual([
      { $ref: "#/components/parameters/RequestTimeout" },
      { $ref: "#/components/parameters/RequestId" },
    ]);
    expect(score(document, "requestBody", "required")).toBe(true);
    expect(at(document, "components", "schemas", "ScoreInput")).toEqual({ type: "number", exclusiveMinimum: 0 });
  });

  it("answers errors as problem details, once for all APIs", () => {
    const document = one({});
    expect(Object.keys(score(document, "responses") ?? {})).toEqual([
      "200",
      "400",
      "406",
      "408",
      "413",
      "415",
      "431",
      "500",
      "503",
      "504",
      "default",
    ]);
    expect(score(document, "responses", "503")).toEqual({ $ref: "#/components/responses/Unavailable" });
    const unavailable = at(document, "components", "responses", "Unavailable") ?? null;
    expect(at(unavailable, "content", "application/problem+json", "schema")).toEqual({
      $ref: "#/components/schemas/Problem",
    });
    expect(Object.keys(at(unavailable, "headers") ?? {})).toEqual(["x-request-id", "retry-after"]);
    const problem = at(document, "components", "schemas", "Problem") as JsonSchema;
    const examples = [...walk(document)].flatMap(([, { example }]) => (example === undefined ? [] : [example]));
    expect(examples).toHaveLength(9);
    expect(examples.filter((example) => !Check(problem as object, example))).toEqual([]);
    expect(examples[0]).toEqual({
      type: "about:blank",
      title: "Invalid argument",
      status: 400,
      code: "INVALID_ARGUMENT",
      detail: '/rows/3/age: expected a number, got "oops"',
      requestId: "5f0c1c52",
      errors: [{ path: "/rows/3/age", message: 'expected a number, got "oops"' }],
    });
  });

  it("takes a picture as a form with a file, as its bytes and as base64", () => {
    const content = score(one({ input: IMAGE }), "requestBody", "content") ?? null;
    expect(Object.keys(content ?? {})).toEqual([
      "image/png",
      "image/jpeg",
      "application/octet-stream",
      "multipart/form-data",
      "application/json",
    ]);
    expect(at(content, "image/png")).toEqual({ schema: { contentMediaType: "image/png" } });
    expect(at(content, "multipart/form-data")).toEqual({
      schema: {
        type: "object",
        required: ["image"],
        properties: {
          image: { type: "string", contentMediaType: "image/png", description: "A file: image/png, image/jpeg." },
        },
      },
      encoding: { image: { contentType: "image/png, image/jpeg" } },
    });
  });

  it("writes binary parts and bodies in the words of 3.0", () => {
    const content = score(one({ input: IMAGE }, { version: "3.0" }), "requestBody", "content") ?? null;
    const binary = { type: "string", format: "binary" };
    expect(at(content, "image/png")).toEqual({ schema: binary });
    expect(at(content, "multipart/form-data", "schema", "properties")).toEqual({
      image: { ...binary, description: "A file: image/png, image/jpeg." },
    });
    expect(at(content, "multipart/form-data", "encoding")).toEqual({ image: { contentType: "image/png, image/jpeg" } });
  });

  it("describes the fields of a form, also one that is named as a keyword of OpenAPI", () => {
    for (const version of ["3.1", "3.0"] as const) {
      const form =
        score(one({ input: SPECS.form }, { version }), "requestBody", "content", "multipart/form-data") ?? null;
      expect(at(form, "schema", "required")).toEqual(["photo", "schema"]);
      expect(at(form, "schema", "properties", "note")).toEqual({ type: "string" });
      expect(at(form, "schema", "properties", "schema")).toEqual({ $ref: "#/components/schemas/ScoreSchema" });
      expect(at(form, "encoding")).toEqual({
        photo: { contentType: "image/png, image/jpeg" },
        note: { contentType: "text/plain" },
        schema: { contentType: "application/json" },
      });
    }
  });

  it("takes any file as a stream of bytes, and names the media types of others", () => {
    const typesOf = (input: IoSpec): string[] => Object.keys(score(one({ input }), "requestBody", "content") ?? {});
    expect(typesOf(SPECS.anyFile)).toEqual([
      "application/octet-stream",
      "*/*",
      "multipart/form-data",
      "application/json",
    ]);
    expect(typesOf(SPECS.pdf)).toEqual(["application/pdf", "audio/*", "multipart/form-data", "application/json"]);
  });

  it("tells the columns of a CSV body and the layout of a raw tensor", () => {
    const frame = score(one({ input: SPECS.frame }), "requestBody", "content", "text/csv", "schema", "description");
    expect(frame).toBe(
      "A header line with the names of the columns, then a line for each row. Columns, in any order: `RM` (float64), `town` (string, may be empty), `id` (int64).",
    );
    const raw = score(one({ input: SPECS.floats }), "requestBody", "content", "application/octet-stream", "schema");
    expect(raw).toEqual({
      contentMediaType: "application/octet-stream",
      description: "The elements as they stand in memory: float32, little-endian, row by row, shape [n, 4].",
    });
  });

  it("tells how calls of a batched API are joined, which changes nothing of what a caller sends", () => {
    const document = one({ batch: { maxSize: 8, maxLatencyMs: 2 } });
    expect(score(document, "x-bento-batch")).toEqual({ maxSize: 8, maxLatencyMs: 2 });
    for (const part of ["requestBody", "responses"]) expect(score(document, part)).toEqual(score(one({}), part));
  });

  it("describes a stream as events and as lines, each with the schema of its items", () => {
    const document = one({ stream: true });
    const content = score(document, "responses", "200", "content") ?? null;
    expect(Object.keys(content ?? {})).toEqual(["text/event-stream", "application/x-ndjson"]);
    for (const type of ["text/event-stream", "application/x-ndjson"]) {
      expect(at(content, type, "x-itemSchema")).toEqual({ $ref: "#/components/schemas/ScoreItem" });
      expect(at(content, type, "schema", "description")).toContain("`ScoreItem`");
    }
    expect(at(document, "components", "schemas", "ScoreItem")).toEqual({ type: "number", exclusiveMinimum: 0 });
  });

  it("tells what may stand for a number that is none", () => {
    const output: IoSpec = { kind: "json", schema: { type: "array", items: { type: "number" } } };
    for (const stream of [false, true]) {
      const schemas = at(one({ output, stream, nan: "null" }), "components", "schemas") ?? null;
      const schema = at(schemas, stream ? "ScoreItem" : "ScoreOutput") as object;
      expect([Check(schema, [1, null]), Check(schema, [1, "NaN"])]).toEqual([true, false]);
    }
    const words = at(one({ output, nan: "string" }), "components", "schemas", "ScoreOutput") as object;
    expect([Check(words, [1, null]), Check(words, [1, "NaN"])]).toEqual([false, true]);
  });

  it("tells apart two APIs whose names give one component name", () => {
    const apis = ["score", "Score", "s_core"].map((name): ApiInput => ({
      name,
      input: SPECS.number,
      output: SPECS.letter,
    }));
    const names = Object.keys(at(openApiDocument(define(apis)), "components", "schemas") ?? {});
    expect(names).toEqual([
      "Problem",
      "ScoreInput",
      "ScoreOutput",
      "ScoreInput2",
      "ScoreOutput2",
      "SCoreInput",
      "SCoreOutput",
    ]);
  });

  it("describes the probes", () => {
    const document = one({});
    expect(Object.keys(at(document, "paths") ?? {})).toEqual(["/score", "/healthz", "/readyz"]);
    expect(Object.keys(at(document, "paths", "/readyz", "get", "responses") ?? {})).toEqual(["200", "503"]);
  });
});

describe("examples", () => {
  const big = "x".repeat(64 * 1024);
  const document = one(
    {
      input: { kind: "json", schema: {} },
      examples: [
        { name: "small", input: { a: [1, null] }, output: 3 },
        { name: "small", input: 2 },
        { name: "from files", input: "in.json", output: "out.json" },
        { name: "a picture", input: "line.png", output: ["read"] },
        { name: "big", input: { big }, output: null },
        { name: "big file", input: "big.json" },
        { name: "__proto__", input: "constructor" },
      ],
    },
    { exampleFiles: { "in.json": { b: 1 }, "out.json": null, "big.json": big, "line.png": undefined } },
  );

  it("stand by name beside the JSON that they are, in requests and in replies", () => {
    expect(score(document, "requestBody", "content", "application/json", "examples")).toEqual({
      small: { value: { a: [1, null] } },
      "small (2)": { value: 2 },
      "from files": { value: { b: 1 } },
    });
    expect(score(document, "responses", "200", "content", "application/json", "examples")).toEqual({
      small: { value: 3 },
      "from files": { value: null },
      "a picture": { value: ["read"] },
      big: { value: null },
    });
  });

  it("are left out with a note when they are larger than 64 KiB or no JSON at hand", () => {
    expect(score(document, "description")).toBe(
      [
        'The input of example "a picture" is not shown here: see line.png.',
        'The input of example "big" is not shown here: it has 65 KiB.',
        'The input of example "big file" is not shown here: it has 65 KiB, see big.json.',
        'The input of example "__proto__" is not shown here: see constructor.',
      ].join("\n\n"),
    );
  });

  it("stay as they are in 3.0, whatever keywords of schemas they hold", () => {
    const input = { schema: { type: ["string", "null"] }, examples: [{ const: 1 }] };
    const old = one({ input: SPECS.anything, examples: [{ name: "a", input }] }, { version: "3.0" });
    expect(score(old, "requestBody", "content", "application/json", "examples", "a", "value")).toEqual(input);
  });
});
