import type { JsonValue } from "@bento-ts/runtime";
import { createTestClient, type TestClient, type TestReply } from "@bento-ts/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Shop } from "./models.ts";

let client: TestClient;
beforeAll(async () => {
  client = await createTestClient(Shop, {
    config: { server: { limits: { json: "4KiB", binary: "1MiB" } }, telemetry: { logLevel: "silent" } },
  });
});
afterAll(() => client.close());

const send = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<TestReply> =>
  client.post(`v1/models/${path}`, typeof body === "string" ? Buffer.from(body) : body, headers);
const predict = (model: string, body: JsonValue): Promise<TestReply> => client.post(`v1/models/${model}:predict`, body);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const house = { rooms: 3, town: "Bonn" };

describe("predictions from instances", () => {
  it.each<[string, string, JsonValue[], JsonValue[]]>([
    ["records are rows of a data frame", "score", [house, { town: "Ulm", rooms: 2.5 }], [7, 5.5]],
    [
      "lists are rows in the order of the columns",
      "score",
      [
        [3, "Bonn"],
        [1, "Köln"],
      ],
      [7, 5],
    ],
    ["binary values are texts in a string column", "score", [{ rooms: 1, town: { b64: base64("Köln") } }], [5]],
    ["one column takes bare cells, and is answered so", "older", [41, 6], [42, 7]],
    ["one column takes records too", "older", [{ age: 41 }], [42]],
    [
      "several columns are answered as objects, those of bytes in base64",
      "priced",
      [house],
      [{ price: 3, note_bytes: { b64: base64("Bonn") } }],
    ],
    ["no rows are no predictions", "score", [], []],
    [
      "instances of a tensor are stacked",
      "matrix",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    [
      "a tensor's instances may be named",
      "matrix",
      [{ x: [1, 2] }, { x: [3, 4] }],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "instances of named tensors are objects",
      "pair",
      [
        { a: 1, b: ["x", "y"] },
        { b: ["z", { b64: base64("ö") }], a: 2 },
      ],
      [
        { sum: 2, text_bytes: [{ b64: base64("x") }, { b64: base64("y") }] },
        { sum: 4, text_bytes: [{ b64: base64("z") }, { b64: base64("ö") }] },
      ],
    ],
    ["the only named tensor takes bare values", "only", [1, 2, 3], [1, 2, 3]],
    ["the only named tensor takes objects", "only", [{ x: 1 }, { x: 2 }], [1, 2]],
    ["texts are elements of a string tensor", "words", ["a", { b64: base64("b") }], ["a", "b"]],
    ["one instance of a scalar is the scalar", "rate", [5], [5]],
    ["instances are the items of a JSON list", "total", [1, 2, 3], [6]],
    ["one instance of any other JSON type is the value", "person", [{ name: "Ann" }], [{ hello: "Ann" }]],
    ["one instance is the text", "shout", ["hey"], ["HEY"]],
    ["one binary value is the text", "shout", [{ b64: base64("hö") }], ["HÖ"]],
    ["one binary value is the file", "size", [{ b64: base64("12345") }], [5]],
    ["a file's value may be named", "size", [{ image_bytes: { b64: base64("12345") } }], [5]],
    ["a text is base64 of a file", "size", [base64("123")], [3]],
    ["bytes are answered in base64", "reverse", [{ b64: base64("abc") }], [{ b64: base64("cba") }]],
    ["one instance is the fields of a form", "form", [{ title: "abc", data: { b64: base64("12") } }], [[3, 2]]],
    ["what is no number is what the API says", "nan", ["x"], [[null, 1]]],
  ])("%s", async (_, model, instances, predictions) => {
    const reply = await predict(model, { instances });
    expect(reply.json()).toEqual({ predictions });
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/json");
  });

  it("keeps every digit of 64-bit numbers", async () => {
    const reply = await send("only:predict", '{"instances":[9007199254740993,-9223372036854775808]}');
    expect(reply.text).toBe('{"predictions":[9007199254740993,-9223372036854775808]}');
  });
});

describe("outputs from inputs", () => {
  it.each<[string, string, JsonValue, JsonValue]>([
    ["columns of a data frame", "score", { rooms: [3, 1], town: ["Bonn", "Ulm"] }, [7, 4]],
    ["columns as lists of one", "score", { rooms: [[3], [1]], town: [["Bonn"], ["Ulm"]] }, [7, 4]],
    [
      "a whole table under any name",
      "score",
      {
        input: [
          [3, "Bonn"],
          [1, "Ulm"],
        ],
      },
      [7, 4],
    ],
    [
      "several columns are answered by name",
      "priced",
      { rooms: [3], town: ["Bonn"] },
      { price: [3], note_bytes: [{ b64: base64("Bonn") }] },
    ],
    ["a bare tensor", "matrix", [[1, 2]], [[1, 2]]],
    ["a tensor under any name", "matrix", { x: [[1, 2]] }, [[1, 2]]],
    [
      "named tensors, whose sizes may differ",
      "pair",
      { a: [1, 2, 3], b: [["x", "y"]] },
      { sum: [2, 4, 6], text_bytes: [[{ b64: base64("x") }, { b64: base64("y") }]] },
    ],
    ["the only named tensor, bare and by name", "only", { x: [1] }, [1]],
    ["a scalar", "rate", 5, 5],
    ["a JSON value as it is", "person", { name: "Ann" }, { hello: "Ann" }],
    ["a JSON list as it is", "total", [1, 2], 3],
    ["a text in a list of one", "shout", ["hey"], "HEY"],
    ["a file by name", "size", { image: { b64: base64("12345") } }, 5],
    ["bytes", "reverse", { b64: base64("abc") }, { b64: base64("cba") }],
  ])("%s", async (_, model, inputs, outputs) => {
    const reply = await predict(model, { inputs });
    expect(reply.json()).toEqual({ outputs });
    expect(reply.status).toBe(200);
  });
});

describe("what is called", () => {
  it("is the model of that name, by the service's name the default one", async () => {
    expect((await predict("shop", { instances: [house] })).json()).toEqual({ predictions: [7] });
    expect((await predict("%73core", { instances: [house] })).json()).toEqual({ predictions: [7] });
    expect((await send("score%3Apredict", JSON.stringify({ instances: [house] }))).status).toBe(200);
  });

  it("is the highest version, or the one in the path", async () => {
    const answers = async (path: string): Promise<JsonValue> => (await client.post(path, { instances: [1] })).json();
    expect(await answers("v1/models/twice:predict")).toEqual({ predictions: ["two"] });
    expect(await answers("v1/models/twice/versions/1:predict")).toEqual({ predictions: ["one"] });
    expect(await answers("v1/models/twice/labels/stable:predict")).toEqual({ predictions: ["two"] });
    expect(await answers("v1/models/twice/labels/latest:predict")).toEqual({ predictions: ["two"] });
  });

  it("is the explanation whose model it is, of the default model the one without a model's name", async () => {
    const explain = (model: string, instances: JsonValue): Promise<TestReply> =>
      client.post(`v1/models/${model}:explain`, { instances });
    expect(
      (
        await explain("matrix", [
          [1, 2],
          [3, 4],
        ])
      ).json(),
    ).toEqual({ explanations: ["row 0", "row 1"] });
    expect((await explain("score", [house, house])).json()).toEqual({ explanations: [{ rows: 2 }] });
    expect((await explain("shop", [house])).json()).toEqual({ explanations: [{ rows: 1 }] });
    const none = await explain("total", [1]);
    expect(none.status).toBe(501);
    expect(none.json()).toEqual({ error: expect.stringContaining('model "total" has no explanation') as string });
  });

  it.each([
    ["nobody:predict", 404, 'unknown model "nobody"'],
    ["scor:predict", 404, 'unknown model "scor", did you mean "score"?'],
    ["many:predict", 404, 'unknown model "many"'],
    ["whyMatrix:predict", 404, 'unknown model "whyMatrix"'],
    ["twice/versions/3:predict", 404, 'model "twice" has no version "3", it has 2, 1'],
    ["twice/versions/18446744073709551617:predict", 404, 'model "twice" has no version "18446744073709551617"'],
    ["twice/labels/canary:predict", 404, 'model "twice" has no label "canary", it has stable, latest'],
    ["nobody/labels/canary:predict", 404, 'unknown model "nobody"'],
    ["score", 404, 'expected ":predict" or ":explain" behind the model\'s name, got nothing'],
    ["score:infer", 404, 'got ":infer"'],
    ["score:classify", 501, ":classify takes tf.Example messages"],
    ["score/unknown", 404, "nothing answers POST on this path"],
  ])("POST /v1/models/%s is %i", async (path, status, error) => {
    const reply = await send(path, "{}");
    expect(reply.json()).toEqual({ error: expect.stringContaining(error) as string });
    expect(reply.status).toBe(status);
    expect(reply.headers["content-type"]).toBe("application/json");
  });
});

describe("what is told", () => {
  const available = (version: string): JsonValue => ({
    version,
    state: "AVAILABLE",
    status: { error_code: "OK", error_message: "" },
  });

  it("that the server is alive, and the names of its models", async () => {
    expect((await client.get("/")).json()).toEqual({ status: "alive" });
    const { models } = (await client.get("/v1/models")).json<{ models: string[] }>();
    expect(models).toContain("score");
    expect(models).toContain("twice");
    expect(models).toContain("shop");
    expect(models).not.toContain("many");
    expect(models).not.toContain("why");
  });

  it("that a model is ready, in one object for clients of both protocols", async () => {
    expect((await client.get("/v1/models/twice")).json()).toEqual({
      name: "twice",
      ready: true,
      model_version_status: [available("2"), available("1")],
    });
    expect((await client.get("/v1/models/twice/versions/1")).json()).toEqual({
      name: "twice",
      ready: true,
      model_version_status: [available("1")],
    });
    expect((await client.get("/v1/models/twice/labels/stable")).json()).toMatchObject({
      model_version_status: [available("2")],
    });
    expect((await client.get("/v1/models/shop")).json()).toMatchObject({ name: "shop", ready: true });
  });

  it("the signature of a model", async () => {
    const info = (name: string, dtype: string, ...sizes: string[]): JsonValue => ({
      dtype,
      tensor_shape: { dim: sizes.map((size) => ({ size, name: "" })), unknown_rank: false },
      name: `${name}:0`,
    });
    expect((await client.get("/v1/models/pair/metadata")).json()).toEqual({
      model_spec: { name: "pair", signature_name: "", version: "1" },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: { a: info("a", "DT_FLOAT", "-1"), b: info("b", "DT_STRING", "-1", "2") },
              outputs: { sum: info("sum", "DT_FLOAT", "-1"), text_bytes: info("text_bytes", "DT_STRING", "-1", "2") },
              method_name: "tensorflow/serving/predict",
            },
          },
        },
      },
    });
    expect((await client.get("/v1/models/twice/versions/1/metadata")).json()).toMatchObject({
      model_spec: { version: "1" },
    });
  });

  it.each([
    ["/v1/models/nobody", 404, 'unknown model "nobody"'],
    ["/v1/models/twice/versions/9", 404, 'no version "9"'],
    ["/v1/models/twice/labels/canary/metadata", 404, 'no label "canary"'],
    ["/v1/models/score:predict", 405, "takes POST"],
    ["/v1/nothing", 404, "nothing answers GET"],
  ])("GET %s is %i", async (path, status, error) => {
    const reply = await client.get(path);
    expect(reply.json()).toEqual({ error: expect.stringContaining(error) as string });
    expect(reply.status).toBe(status);
  });
});

describe("bodies", () => {
  it("are JSON without a type, as curl and fetch send them, as bytes where the model takes none, and in any +json", async () => {
    const body = JSON.stringify({ instances: [house] });
    for (const type of [
      "application/x-www-form-urlencoded",
      "application/octet-stream",
      "text/plain;charset=UTF-8",
      "application/ld+json",
      "application/json; charset=utf-8",
    ])
      expect((await send("score:predict", body, { "content-type": type })).json(), type).toEqual({ predictions: [7] });
  });

  it("of other types go to the models that take them", async () => {
    const png = { "content-type": "image/png" };
    expect((await send("size:predict", "12345", png)).json()).toEqual({ predictions: [5] });
    expect((await send("reverse:predict", "abc", { "content-type": "application/octet-stream" })).json()).toEqual({
      predictions: [{ b64: base64("cba") }],
    });
    expect((await send("shout:predict", "hey", { "content-type": "text/plain" })).json()).toEqual({
      predictions: ["HEY"],
    });
    const csv = "rooms,town\n3,Bonn\n1,Ulm\n";
    expect((await send("score:predict", csv, { "content-type": "text/csv" })).json()).toEqual({ predictions: [7, 4] });
    const form = new FormData();
    form.set("title", "abc");
    expect((await client.post("v1/models/form:predict", form as never)).json()).toEqual({ predictions: [[3, -1]] });
    const other = await send("score:predict", "12345", png);
    expect(other.status).toBe(400);
    expect(other.json()).toEqual({
      error: expect.stringContaining('text/csv, got Content-Type "image/png"') as string,
    });
  });

  it("may carry a signature's name, parameters, and whatever a chain of models leaves in them", async () => {
    const reply = await predict("total", {
      signature_name: "serving_default",
      parameters: { x: 1 },
      model_name: "m",
      instances: [1],
    });
    expect(reply.json()).toEqual({ predictions: [1] });
  });

  it.each<[string, string, string]>([
    ["score", "", "expected JSON, got an empty body"],
    ["score", "{", "not valid JSON"],
    ["score", '{"instances":[NaN]}', "not valid JSON"],
    ["score", "[1]", 'expected a JSON object with "instances" or "inputs", got a list of 1'],
    ["score", "{}", 'expected "instances" (rows) or "inputs" (columns), got neither'],
    ["score", '{"instance":[1]}', 'got "instance"'],
    ["score", '{"instances":[1],"inputs":[1]}', "got both"],
    ["score", '{"instances":{"rooms":[1]}}', "/instances: expected a list, got an object"],
    ["score", '{"instances":[],"signature_name":"other"}', 'signature_name: expected "serving_default"'],
    [
      "score",
      '{"instances":[{"rooms":3,"town":"Bonn"},{"rooms":"x","town":"Ulm"}]}',
      "/instances/1/rooms: not a number",
    ],
    ["score", '{"instances":[[3,"Bonn"],["x","Ulm"]]}', "/instances/1/0: not a number"],
    ["score", '{"instances":[[3,"Bonn"],[3]]}', "/instances/1: expected a list of 2 cells, got 1"],
    ["score", '{"instances":[{"rooms":3}]}', "town"],
    ["score", '{"instances":[1]}', "/instances/0: expected an object with the columns, got 1"],
    ["score", '{"inputs":{"rooms":[3],"town":[5]}}', "/inputs/town/0: not a string: 5"],
    ["score", '{"inputs":7}', "/inputs: expected rows"],
    ["older", '{"instances":[1,"x"]}', "/instances/1: not a whole number of 64 bits"],
    ["matrix", '{"instances":[[1,2],[3,"x"]]}', "/instances/1/1: expected a float32 number"],
    ["matrix", '{"instances":[[1,2],[3]]}', "/instances/1: expected a list of 2"],
    ["matrix", '{"instances":[{"x":[1,2]},{"x":[3,"y"]}]}', "/instances/1/x/1: expected a float32 number"],
    ["matrix", '{"instances":[[1,2,3]]}', "/instances: expected shape [-1,2], got [1,3]"],
    ["matrix", '{"inputs":{"a":1,"b":2}}', "/inputs: expected one input, got 2"],
    [
      "pair",
      '{"instances":[{"a":1,"b":["x","y"]},{"a":"?","b":["x","y"]}]}',
      "/instances/1/a: expected a float32 number",
    ],
    ["pair", '{"instances":[{"a":1,"b":["x","y"]},{"a":2}]}', "/instances/1/b: is required"],
    ["pair", '{"instances":[{"a":1},{"a":2}]}', "b: is required"],
    ["pair", '{"instances":[5]}', '/instances/0: expected an object with "a", "b", got 5'],
    ["pair", '{"instances":[]}', 'expected an object with "a", "b", got no instance'],
    ["pair", '{"inputs":[1]}', "/inputs: expected an object with a, b, got a list of 1"],
    ["only", '{"inputs":["x"]}', "/inputs/0: expected an int64 whole number"],
    ["rate", '{"instances":[1,2]}', "expected"],
    [
      "person",
      '{"instances":[{"name":"a"},{"name":"b"}]}',
      "/instances: expected one instance, as this model takes one a call, got 2",
    ],
    ["person", '{"instances":[{"name":5}]}', "/instances/0/name: "],
    ["total", '{"instances":[1,"x"]}', "/instances/1: "],
    ["shout", '{"instances":[5]}', "/instances/0: expected a text, got 5"],
    ["shout", '{"instances":[{"b64":"/w=="}]}', "/instances/0/b64: expected base64 of UTF-8 text"],
    ["size", '{"instances":[{"b64":"%"}]}', "/instances/0: not base64"],
    ["form", '{"instances":[{"title":5}]}', "/instances/0/title: "],
  ])("%s refuses %s with its place", async (model, body, error) => {
    const reply = await send(`${model}:predict`, body, { "content-type": "application/json" });
    expect(reply.json()).toEqual({ error: expect.stringContaining(error) as string });
    expect(reply.status).toBe(400);
  });

  it.each([
    ["instances", "[", "]"],
    ["instances", '[{"x":', "}]"],
    ["inputs", "[", "]"],
    ["inputs", '{"b64":', "}"],
  ])("that nest %s in ever more %s%s are refused at a depth", async (member, opening, closing) => {
    for (const model of ["score", "matrix", "pair", "person", "shout", "size"]) {
      const body = `{"${member}":${opening.repeat(400)}0${closing.repeat(400)}}`;
      const reply = await send(`${model}:predict`, body, { "content-type": "application/json" });
      expect(reply.status).toBe(400);
      expect(reply.json()).toEqual({ error: expect.stringContaining("nested more than 64 deep") as string });
    }
  });

  it("that are too long are refused, with the option's name", async () => {
    const reply = await predict("score", { instances: ["x".repeat(5_000)] });
    expect(reply.status).toBe(413);
    expect(reply.json()).toEqual({ error: expect.stringContaining("server.limits.json") as string });
  });
});

describe("failures", () => {
  it("of the service tell a request id and nothing more; those that pass say when to come again", async () => {
    const secret = await predict("fail", { instances: ["x"] });
    expect(secret.status).toBe(500);
    expect(secret.text).toMatch(/^\{"error":"the service failed; its log tells why under request id [\w-]+"\}$/);
    const full = await predict("fail", { instances: ["full"] });
    expect(full.status).toBe(503);
    expect(full.headers["retry-after"]).toBe("7");
    expect(full.json()).toEqual({ error: "come back later" });
  });
});
