import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, type Context, service, t } from "@bento-ts/runtime";
import { listen, type ListeningService, type ListenOptions } from "../../support/listening-service.ts";
import {
  Anything,
  Binary,
  Doubler,
  Exact,
  Faulty,
  Frames,
  GraphNode,
  Pairs,
  Several,
  Streaming,
  Texts,
} from "./services.fixture.ts";

const UNIT = { PREDICTIVE_UNIT_ID: "doubler", PREDICTIVE_UNIT_IMAGE: "registry:5000/doubler:1.2" };

const open: ListeningService[] = [];

async function start(service: Parameters<typeof listen>[0], options: ListenOptions = {}): Promise<ListeningService> {
  const config = { telemetry: { logLevel: "silent" }, ...options.config };
  const server = await listen(service, { ...options, config });
  open.push(server);
  return server;
}

afterAll(async () => {
  for (const server of open) await server.close();
});

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly body: unknown;
}

async function send(server: ListeningService, path: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  const type = response.headers.get("content-type");
  return {
    status: response.status,
    type,
    headers: response.headers,
    body:
      type?.startsWith("application/json") === true || type === "application/problem+json" ? JSON.parse(text) : text,
  };
}

const post = (server: ListeningService, path: string, message: unknown): Promise<Reply> =>
  send(server, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });

const badData = (info: unknown): unknown => ({
  status: { status: 1, info, code: -1, reason: "MICROSERVICE_BAD_DATA" },
});

describe("a prediction", () => {
  let server: ListeningService;
  beforeAll(async () => {
    server = await start(Doubler);
  });

  const data = { ndarray: [[1, 2]] };
  const told = {
    tags: { rows: 1 },
    metrics: [
      { key: "calls", type: "COUNTER", value: 1, tags: { kind: "double" } },
      { key: "rows", type: "GAUGE", value: 1 },
      { key: "took", type: "TIMER", value: 20 },
    ],
  };
  const answer = { data: { names: ["t:0", "t:1"], ndarray: [[2, 4]] }, meta: told };

  it.each(["/predict", "/api/v1.0/predictions", "/api/v0.1/predictions"])("is answered at %s", async (path) => {
    const { status, type, body } = await post(server, path, { data });
    expect([status, type, body]).toEqual([200, "application/json", answer]);
  });

  it.each([
    ["a JSON body", { "content-type": "application/json; charset=utf-8" }, JSON.stringify({ data })],
    ["a body without a type", {}, Buffer.from(JSON.stringify({ data }))],
    [
      "the field json of an urlencoded form, as Seldon's own tester sends it",
      { "content-type": "application/x-www-form-urlencoded" },
      `json=${encodeURIComponent(JSON.stringify({ data }))}`,
    ],
    [
      "a form whose spaces are pluses, behind another field",
      { "content-type": "application/x-www-form-urlencoded" },
      `x=1&json=${encodeURIComponent('{"data": {"ndarray": [[1, 2]]}}').replaceAll("%20", "+")}`,
    ],
  ])("takes %s", async (_name, headers, body) => {
    expect((await send(server, "/predict", { method: "POST", headers, body })).body).toEqual(answer);
  });

  it("takes the query's json, with GET as well", async () => {
    const query = `/predict?json=${encodeURIComponent(JSON.stringify({ data }))}`;
    expect((await send(server, query, { method: "GET" })).body).toEqual(answer);
    expect((await send(server, query, { method: "POST" })).body).toEqual(answer);
  });

  it("takes a multipart form, each of its fields a key of the message", async () => {
    const body = new FormData();
    body.set("data", JSON.stringify(data));
    body.set("meta", JSON.stringify({ puid: "p1" }));
    const reply = await send(server, "/predict", { method: "POST", body });
    expect(reply.body).toEqual({ ...answer, meta: { ...told, puid: "p1" } });
  });

  it.each([
    [
      { tensor: { shape: [1, 2], values: [1, 2] } },
      { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [2, 4] } },
    ],
    [{ ndarray: [[1, 2]] }, { names: ["t:0", "t:1"], ndarray: [[2, 4]] }],
    [
      { tftensor: { dtype: "DT_FLOAT", tensorShape: { dim: [{ size: "1" }, { size: "2" }] }, floatVal: [1, 2] } },
      {
        names: ["t:0", "t:1"],
        tftensor: { dtype: "DT_DOUBLE", tensorShape: { dim: [{ size: "1" }, { size: "2" }] }, doubleVal: [2, 4] },
      },
    ],
    [
      { names: ["a", "b"], ndarray: [[1, 2]] },
      { names: ["t:0", "t:1"], ndarray: [[2, 4]] },
    ],
  ])("is answered in the form of its request: %j", async (sent, got) => {
    expect((await post(server, "/predict", { data: sent })).body).toEqual({ data: got, meta: told });
  });

  it.each([
    { jsonData: [[1, 2]] },
    { strData: "[[1, 2]]" },
    { binData: Buffer.from(Float64Array.of(1, 2).buffer).toString("base64") },
  ])("is answered as a tensor where the request has no array: %j", async (message) => {
    expect((await post(server, "/predict", message)).body).toEqual({
      data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [2, 4] } },
      meta: told,
    });
  });

  it("of several kinds of data reads data, then jsonData, strData and binData, and passes over what it does not know", async () => {
    const reply = await post(server, "/predict", { binData: "?", strData: "no", jsonData: [[7, 7]], data, other: 1 });
    expect(reply.body).toEqual(answer);
    const next = await post(server, "/predict", { binData: "?", strData: "no", jsonData: [[1, 2]], status: {} });
    expect(next.body).toMatchObject({ data: { tensor: { values: [2, 4] } } });
  });

  it("hands on puid, tags, path and metrics of its request, and not the routing", async () => {
    const meta = {
      puid: "p1",
      tags: { rows: 7, kept: { any: ["json"] } },
      routing: { router: 1 },
      requestPath: { before: "image:1" },
      metrics: [
        { key: "earlier", type: "GAUGE", value: 0.5, tags: { a: "b" } },
        { key: "plain", value: 2 },
      ],
    };
    expect((await post(server, "/predict", { data, meta })).body).toEqual({
      data: answer.data,
      meta: {
        puid: "p1",
        tags: { rows: 1, kept: { any: ["json"] } },
        requestPath: { before: "image:1" },
        metrics: [meta.metrics[0], { key: "plain", type: "COUNTER", value: 2 }, ...told.metrics],
      },
    });
  });

  it("has an empty array where data has none of its forms", async () => {
    expect((await post(server, "/predict", { data: {} })).body).toMatchObject({
      data: { names: ["t:0", "t:1"], ndarray: [] },
      meta: { tags: { rows: 0 } },
    });
    const anything = await start(Anything, { config: { server: { protocols: { seldon: "only" } } } });
    expect((await post(anything, "/predict", { data: {} })).body).toEqual({
      data: { names: [], ndarray: [] },
      meta: {},
    });
  });
});

describe("a bad request", () => {
  let server: ListeningService;
  beforeAll(async () => {
    server = await start(Doubler, { config: { server: { limits: { json: "1KiB" } } } });
  });

  it.each([
    ["{", expect.stringMatching(/^Can't find JSON in data: not valid JSON at line 1, column 2/)],
    ["", "Can't find JSON in data: expected JSON, got an empty body"],
    ["[1]", expect.stringMatching(/^expected an object, got a list/)],
    ["5", "expected an object, got 5"],
    ["{}", "expected a message with one of data, jsonData, strData and binData, got none of them"],
    ['{"data":null}', "expected a message with one of data, jsonData, strData and binData, got none of them"],
    ['{"data":5}', "/data: expected an object, got 5"],
    ['{"data":{"ndarray":5}}', "/data/ndarray: expected a list, got 5"],
    ['{"data":{"ndarray":[[1,"x"]]}}', '/data/ndarray/0/1: expected a float64 number, got "x"'],
    ['{"data":{"ndarray":[[1,2],[3]]}}', "/data/ndarray/1: expected a list of 2 like the first one, got 1"],
    ['{"data":{"ndarray":[[1]]}}', "/data/ndarray: expected shape [-1,2], got [1,1]"],
    [
      '{"data":{"tensor":{"shape":[1,2],"values":[1]}}}',
      "/data/tensor/values: expected 2 values for shape [1,2], got 1",
    ],
    ['{"data":{"tensor":{"shape":[1,-2],"values":[]}}}', "/data/tensor/shape/1: expected a whole number ≥ 0, got -2"],
    [
      '{"data":{"tensor":{"shape":[9007199254740991,3],"values":[]}}}',
      "shape [9007199254740991,3] holds more elements than can be counted",
    ],
    ['{"data":{"tensor":{"shape":[2,1],"values":[1,2]}}}', "/data/tensor/shape: expected shape [-1,2], got [2,1]"],
    [
      '{"data":{"tensor":{"shape":[1,2],"values":[1,"x"]}}}',
      '/data/tensor/values/1: expected a float64 number, got "x"',
    ],
    [
      '{"data":{"tftensor":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"3"},{"size":"2"}]},"floatVal":[1,2]}}}',
      undefined,
    ],
    [
      '{"data":{"tftensor":{"dtype":"DT_STRING","tensorShape":{"dim":[{"size":"1"},{"size":"2"}]},"stringVal":["YQ=="]}}}',
      expect.stringMatching(/^\/data\/tftensor\/0: expected a float64 number, got "a"/),
    ],
    ['{"data":{"names":"a","ndarray":[[1,2]]}}', '/data/names: expected a list, got "a"'],
    ['{"strData":5}', "/strData: expected a text, got 5"],
    ['{"strData":"x"}', expect.stringMatching(/^\/strData: expected the input as JSON text: /)],
    ['{"binData":"*"}', expect.stringMatching(/^\/binData: not base64/)],
    ['{"binData":"AAAA"}', expect.stringContaining("multiple of 16 bytes")],
    ['{"customData":{"@type":"x"}}', expect.stringMatching(/^\/customData: /)],
    ['{"data":{"ndarray":[[1,2]]},"meta":5}', "/meta: expected an object, got 5"],
    ['{"data":{"ndarray":[[1,2]]},"meta":{"puid":5}}', "/meta/puid: expected a text, got 5"],
    [
      '{"data":{"ndarray":[[1,2]]},"meta":{"metrics":[{"type":"X"}]}}',
      expect.stringMatching(/^\/meta\/metrics\/0\/type/),
    ],
    ['{"data":{"ndarray":[[1,2]]},"meta":{"routing":{"a":0.5}}}', "/meta/routing/a: expected a whole number, got 0.5"],
    ['{"__proto__":{"data":{"ndarray":[[1,2]]}}}', expect.stringContaining("__proto__")],
    [`{"jsonData":${"[".repeat(70)}${"]".repeat(70)}}`, expect.stringContaining("nested more than 64 deep")],
  ])("%s is answered with what is wrong", async (body, info) => {
    const reply = await post(server, "/predict", body);
    if (info === undefined) {
      // Twelve bytes stand for six values: the last one repeats, as TensorFlow has it.
      expect(reply.body).toMatchObject({ data: { tftensor: { doubleVal: [2, 4, 4, 4, 4, 4] } } });
      return;
    }
    expect([reply.status, reply.type, reply.body]).toEqual([400, "application/json", badData(info)]);
  });

  it.each([
    ["text/plain", "Can't find JSON in data: Content-Type text/plain is neither JSON nor a form"],
    ["application/x-www-form-urlencoded", 'Can\'t find JSON in data: the form has no field "json"'],
    ["multipart/form-data", /^Can't find JSON in data: the content type multipart/],
    ["multipart/form-data; boundary=x", /^Can't find JSON in data: the multipart form is not complete/],
  ])("%s with JSON in it is no JSON", async (type, info) => {
    const body = '{"data":{"ndarray":[[1,2]]}}';
    const reply = await send(server, "/predict", { method: "POST", headers: { "content-type": type }, body });
    expect([reply.status, reply.body]).toEqual([
      400,
      badData(typeof info === "string" ? info : expect.stringMatching(info)),
    ]);
  });

  it.each(["json=%", "json=%FF", "json=", "json={"])("the form %s has no JSON", async (body) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const reply = await send(server, "/predict", { method: "POST", headers, body });
    expect([reply.status, reply.body]).toEqual([400, badData(expect.stringMatching(/^Can't find JSON in data: /))]);
  });

  it("GET without json has none", async () => {
    const reply = await send(server, "/predict", { method: "GET" });
    expect([reply.status, reply.body]).toEqual([
      400,
      badData("Can't find JSON in data: expected JSON, got an empty body"),
    ]);
  });

  it("a body past the limit is refused from its length", async () => {
    const reply = await post(server, "/predict", { jsonData: "x".repeat(2000) });
    expect([reply.status, reply.body]).toEqual([
      413,
      {
        status: {
          status: 1,
          info: expect.stringContaining("server.limits.json"),
          code: -1,
          reason: "PAYLOAD_TOO_LARGE",
        },
      },
    ]);
  });

  it.each([
    ["/api/v1.0/nothing", "POST", 404, "NOT_FOUND"],
    ["/health/nothing", "GET", 404, "NOT_FOUND"],
    ["/predict", "PUT", 405, "METHOD_NOT_ALLOWED"],
    ["/api/v1.0/predictions", "GET", 405, "METHOD_NOT_ALLOWED"],
    ["/metadata", "POST", 405, "METHOD_NOT_ALLOWED"],
  ])("%s %s has an answer of the same shape", async (path, method, status, reason) => {
    const reply = await send(server, path, { method });
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ status: { status: 1, info: expect.any(String), code: -1, reason } });
  });
});

describe("a service's failure", () => {
  let server: ListeningService;
  beforeAll(async () => {
    server = await start(Faulty);
  });

  it.each([
    ["metric", 500, "MICROSERVICE_BAD_METRIC", /request id/],
    ["other", 500, "MICROSERVICE_INTERNAL_ERROR", /request id/],
    ["own", 409, "FAILED_PRECONDITION", /^the moon is full$/],
    ["busy", 503, "UNAVAILABLE", /^come back$/],
  ])("of kind %s tells whose it is and nothing secret", async (kind, status, reason, info) => {
    const reply = await post(server, "/predict", { strData: kind });
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ status: { status: 1, info: expect.stringMatching(info), code: -1, reason } });
    expect(reply.headers.get("retry-after")).toBe(kind === "busy" ? "7" : null);
  });
});

describe("inputs and outputs of each type", () => {
  it("columns of a data frame come by their names, in order, and with gaps", async () => {
    const server = await start(Frames);
    const answerOf = async (message: unknown): Promise<unknown> => (await post(server, "/predict", message)).body;
    const data = {
      names: ["rooms", "town"],
      ndarray: [
        [6, "A"],
        [5, null],
      ],
    };
    const shown = { data, meta: {} };
    expect(await answerOf({ data })).toEqual(shown);
    expect(
      await answerOf({
        data: {
          ndarray: [
            [6, "A"],
            [5, null],
          ],
        },
      }),
    ).toEqual(shown);
    expect(await answerOf({ data: { names: ["t:0", "t:1"], ndarray: data.ndarray } })).toEqual(shown);
    expect(
      await answerOf({
        data: {
          names: ["town", "rooms"],
          ndarray: [
            ["A", 6],
            [null, 5],
          ],
        },
      }),
    ).toEqual(shown);
    expect(await answerOf({ jsonData: { df: [{ rooms: 6, town: "A" }, { rooms: 5 }] } })).toEqual(shown);
    expect(await answerOf({ strData: '[{"rooms":6,"town":"A"},{"rooms":5}]' })).toEqual(shown);
    expect(await answerOf({ binData: Buffer.from("rooms,town\n6,A\n5,\n").toString("base64") })).toEqual(shown);
    // A frame of numbers has the form of a tensor's request.
    expect(await answerOf({ data: { names: ["rooms"], tensor: { shape: [2, 1], values: [6, 5] } } })).toEqual({
      data: {
        names: ["rooms", "town"],
        ndarray: [
          [6, null],
          [5, null],
        ],
      },
      meta: {},
    });
    expect(await answerOf({ data: { names: ["room"], ndarray: [[6]] } })).toEqual(
      badData(expect.stringContaining('did you mean "rooms"?')),
    );
    expect(await answerOf({ data: { ndarray: [["six", "A"]] } })).toEqual(
      badData('/data/ndarray/0/0: not a number: "six"'),
    );
    expect(await answerOf({ data: { tensor: { shape: [1, 3], values: [1, 2, 3] } } })).toEqual(
      badData("/data/tensor: expected 2 columns (rooms, town), got 3 without names"),
    );
    expect(await answerOf({ data: { names: ["rooms"], tensor: { shape: [2], values: [1, 2] } } })).toEqual(
      badData("/data/tensor: expected rows of columns, got shape [2]"),
    );
    expect(await answerOf({ data: { names: ["rooms"], tensor: { shape: [1, 2], values: [1, 2] } } })).toEqual(
      badData("/data/names: expected 2 names, one for each column, got 1"),
    );
    expect(await answerOf({ data: { names: ["rooms", "rooms"], tensor: { shape: [1, 2], values: [1, 2] } } })).toEqual(
      badData("/data/names/1: this name came twice"),
    );
  });

  it.each([
    [{ strData: "héllo" }, { strData: "HÉLLO", meta: {} }],
    [{ jsonData: "a" }, { strData: "A", meta: {} }],
    [{ data: { ndarray: ["a"] } }, { strData: "A", meta: {} }],
    [{ data: { ndarray: [["a"]] } }, { strData: "A", meta: {} }],
    [{ binData: "YQ==" }, { strData: "A", meta: {} }],
    [
      { data: { ndarray: ["a", "b"] } },
      badData("/data/ndarray: expected an array with one text, the text, got 2 elements"),
    ],
    [
      { data: { tensor: { shape: [1], values: [1] } } },
      badData("/data/tensor: expected an array with one text, the text, got 1"),
    ],
  ])("a text is %j", async (message, body) => {
    expect((await post(await start(Texts), "/predict", message)).body).toEqual(body);
  });

  it.each([
    [{ binData: "AAEC" }, { binData: "AgEA", meta: {} }],
    // Base64 of the other alphabet, without padding: protobuf's JSON takes both.
    [{ binData: "-_8" }, { binData: "//s=", meta: {} }],
    [{ strData: "AAEC" }, { binData: "AgEA", meta: {} }],
    [
      { data: { tftensor: { dtype: "DT_UINT8", tensorShape: { dim: [{ size: 3 }] }, intVal: [0, 1, 2] } } },
      { binData: "AgEA", meta: {} },
    ],
  ])("bytes are %j", async (message, body) => {
    expect((await post(await start(Binary), "/predict", message)).body).toEqual(body);
  });

  it("bytes come as a file of a form", async () => {
    const body = new FormData();
    body.set("binData", new File([Uint8Array.of(0, 1, 2)], "a.bin"));
    expect((await send(await start(Binary), "/predict", { method: "POST", body })).body).toEqual({
      binData: "AgEA",
      meta: {},
    });
    const asText = new FormData();
    asText.set("strData", new File(["héllo"], "a.txt"));
    expect((await send(await start(Texts), "/predict", { method: "POST", body: asText })).body).toEqual({
      strData: "HÉLLO",
      meta: {},
    });
  });

  it("whole numbers of 64 bits keep every digit", async () => {
    const server = await start(Exact);
    const text = async (body: string): Promise<string> =>
      (
        await fetch(`${server.url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body })
      ).text();
    expect(await text('{"data":{"ndarray":[9223372036854775807,-9007199254740993]}}')).toBe(
      '{"data":{"names":[],"ndarray":[9223372036854775807,-9007199254740993]},"meta":{}}',
    );
    expect(await text('{"data":{"tensor":{"shape":[2],"values":[9007199254740993,1]}}}')).toBe(
      '{"data":{"names":[],"tensor":{"shape":[2],"values":[9007199254740993,1]}},"meta":{}}',
    );
    expect(await text('{"data":{"tensor":{"shape":[1],"values":[1.5]}}}')).toContain(
      "/data/tensor/values/0: expected an int64 whole number, got 1.5",
    );
  });

  it("named tensors are the columns of an array, or JSON", async () => {
    const server = await start(Pairs);
    const answerOf = async (message: unknown): Promise<unknown> => (await post(server, "/predict", message)).body;
    const shown = { jsonData: { a: [[1.5], [2]], b: [3, 4] }, meta: {} };
    expect(
      await answerOf({
        data: {
          ndarray: [
            [1.5, 3],
            [2, 4],
          ],
        },
      }),
    ).toEqual(shown);
    expect(await answerOf({ data: { names: ["b", "a"], tensor: { shape: [2, 2], values: [3, 1.5, 4, 2] } } })).toEqual(
      shown,
    );
    expect(await answerOf({ jsonData: { a: [[1.5], [2]], b: [3, 4] } })).toEqual(shown);
    expect(await answerOf({ data: { ndarray: [[1, 0.5]] } })).toEqual(
      badData(expect.stringMatching(/^\/b\/0: expected an int32/)),
    );
    expect(await answerOf({ binData: "AA==" })).toEqual(
      badData("/binData: this API takes no bytes: send data or jsonData"),
    );
  });

  it.each([
    [{ jsonData: { a: [1] } }, { jsonData: { a: [1] } }],
    [{ jsonData: null }, { jsonData: null }],
    [{ jsonData: 5 }, { jsonData: 5 }],
    [{ jsonData: false }, { jsonData: false }],
    [{ strData: "[1]" }, { strData: "[1]" }],
    // Arrays of numbers have the request's form, of anything else always nested lists.
    [
      {
        jsonData: [
          [1, 2],
          [3, 4],
        ],
      },
      { data: { names: ["t:0", "t:1"], tensor: { shape: [2, 2], values: [1, 2, 3, 4] } } },
    ],
    [{ jsonData: [1, 2] }, { data: { names: [], tensor: { shape: [2], values: [1, 2] } } }],
    [{ jsonData: [true] }, { data: { names: [], ndarray: [true] } }],
    [{ jsonData: [["a", 1]] }, { data: { names: ["t:0", "t:1"], ndarray: [["a", 1]] } }],
    [{ jsonData: [[1], [2, 3]] }, { data: { names: [], ndarray: [[1], [2, 3]] } }],
    [{ jsonData: [{ a: 1 }] }, { data: { names: [], ndarray: [{ a: 1 }] } }],
    [{ jsonData: [1, null] }, { data: { names: [], ndarray: [1, null] } }],
    [
      { data: { tensor: { shape: [1, 1], values: [1] } } },
      { data: { names: ["t:0"], tensor: { shape: [1, 1], values: [1] } } },
    ],
    [
      { data: { ndarray: [["a", null, { b: 1 }]] } },
      { data: { names: ["t:0", "t:1", "t:2"], ndarray: [["a", null, { b: 1 }]] } },
    ],
    [
      { data: { tftensor: { dtype: "DT_INT64", tensorShape: { dim: [{ size: "1" }] }, int64Val: ["7"] } } },
      { data: { names: [], tftensor: { dtype: "DT_DOUBLE", tensorShape: { dim: [{ size: "1" }] }, doubleVal: [7] } } },
    ],
    [
      { data: { tftensor: { dtype: "DT_STRING", tensorShape: { dim: [{ size: "1" }] }, stringVal: ["YQ=="] } } },
      { data: { names: [], ndarray: ["a"] } },
    ],
  ])("anything is answered as what it is: %j", async (message, body) => {
    const server = await start(Anything, { config: { server: { protocols: { seldon: "only" } } } });
    expect((await post(server, "/predict", message)).body).toEqual({ ...body, meta: {} });
  });
});

describe("the other roles", () => {
  let server: ListeningService;
  beforeAll(async () => {
    server = await start(GraphNode, { env: { PREDICTIVE_UNIT_ID: "node", PREDICTIVE_UNIT_IMAGE: "node:1" } });
  });
  const own = { requestPath: { node: "node:1" } };

  it("transform inputs and outputs", async () => {
    const data = {
      ndarray: [
        [1, 2],
        [3, 4],
      ],
    };
    expect((await post(server, "/transform-input", { data })).body).toEqual({
      data: { names: [], ndarray: [3, 7] },
      meta: own,
    });
    expect((await post(server, "/transform-output", { data: { ndarray: [["a", 1]] } })).body).toEqual({
      data: { names: ["t:0", "t:1"], ndarray: [["a", 1]] },
      meta: own,
    });
  });

  it.each([0, 2, -1, -2])("route to %i as an array of one", async (branch) => {
    const meta = { puid: "p", tags: { a: 1 }, requestPath: { other: "o:1" } };
    expect((await post(server, "/route", { data: { ndarray: [[branch]] }, meta })).body).toEqual({
      data: { names: ["t:0"], ndarray: [[branch]] },
      meta: { puid: "p", ...own },
    });
    expect((await post(server, "/route", { jsonData: [[branch]] })).body).toEqual({
      data: { names: ["t:0"], tensor: { shape: [1, 1], values: [branch] } },
      meta: own,
    });
  });

  it("refuse a branch that is none", async () => {
    const reply = await post(server, "/route", { data: { ndarray: [[0.5]] } });
    expect([reply.status, reply.body]).toEqual([400, badData("Routing response must be int but got 0.5")]);
  });

  it.each([
    ["a bare array", (messages: unknown) => messages],
    ["an object", (messages: unknown) => ({ seldonMessages: messages })],
  ])("aggregate %s, joining what came with the messages", async (_name, wrap) => {
    const messages = [
      {
        data: { ndarray: [[1, 2]] },
        meta: {
          puid: "p1",
          tags: { a: 1, b: 1 },
          requestPath: { x: "x:1" },
          metrics: [{ key: "m", type: "GAUGE", value: 1 }],
        },
      },
      {
        data: { tensor: { shape: [1, 2], values: [3, 6] } },
        meta: {
          puid: "p2",
          tags: { b: 2 },
          requestPath: { y: "y:1", node: "first:1" },
          metrics: [{ key: "n", type: "TIMER", value: 2 }],
        },
      },
    ];
    expect((await post(server, "/aggregate", wrap(messages))).body).toEqual({
      data: { names: ["t:0", "t:1"], ndarray: [[2, 4]] },
      meta: {
        puid: "p1",
        tags: { a: 1, b: 2 },
        requestPath: { node: "first:1", x: "x:1", y: "y:1" },
        metrics: [
          { key: "m", type: "GAUGE", value: 1 },
          { key: "n", type: "TIMER", value: 2 },
        ],
      },
    });
  });

  it.each<[string, unknown]>([
    ["/predict", { jsonData: 1 }],
    ["/transform-input", { data: { ndarray: [[1, 2]] } }],
    ["/transform-output", { strData: "x" }],
    ["/route", { data: { ndarray: [[1]] } }],
    ["/aggregate", { seldonMessages: [{ data: { ndarray: [[1, 2]] } }] }],
    ["/send-feedback", { reward: 1 }],
  ])("%s takes its JSON as a body, a form's field, a query and a form's parts", async (path, message) => {
    const json = JSON.stringify(message);
    const expected = await post(server, path, json);
    expect(expected.status).toBe(200);
    const form = new FormData();
    for (const [name, member] of Object.entries(message as object))
      form.set(name, name === "strData" ? String(member) : JSON.stringify(member));
    const inits: readonly (readonly [string, RequestInit])[] = [
      [path, { method: "POST", body: new URLSearchParams({ json }) }],
      [`${path}?${new URLSearchParams({ json }).toString()}`, { method: "GET" }],
      [`${path}?${new URLSearchParams({ json }).toString()}`, { method: "POST" }],
      [path, { method: "POST", body: form }],
    ];
    for (const [place, init] of inits) {
      const reply = await send(server, place, init);
      expect([place, init.method, reply.status, reply.body]).toEqual([place, init.method, 200, expected.body]);
    }
  });

  it("aggregate a list that came in a form", async () => {
    const json = JSON.stringify([{ data: { ndarray: [[1, 2]] } }]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const reply = await send(server, "/aggregate", {
      method: "POST",
      headers,
      body: `json=${encodeURIComponent(json)}`,
    });
    expect(reply.body).toMatchObject({ data: { ndarray: [[1, 2]] } });
    const body = new FormData();
    body.set("seldonMessages", json);
    expect((await send(server, "/aggregate", { method: "POST", body })).body).toMatchObject({
      data: { ndarray: [[1, 2]] },
    });
  });

  it.each([
    [[{ data: { ndarray: [[1, "x"]] } }], '/0/data/ndarray/0/1: expected a float64 number, got "x"'],
    [[{ data: { ndarray: [[1, 2]] } }, {}], expect.stringMatching(/^\/1: expected a message with one of/)],
    [[5], "/0: expected an object, got 5"],
    [{}, 'expected {"seldonMessages": […]} or a list of messages'],
    [{ seldonMessages: 5 }, "/seldonMessages: expected a list, got 5"],
    [5, "expected an object, got 5"],
    [[], "expected at least one input"],
  ])("refuse to aggregate %j", async (body, info) => {
    const reply = await post(server, "/aggregate", body);
    expect([reply.status, reply.body]).toEqual([400, badData(info)]);
  });

  it.each(["/send-feedback", "/api/v1.0/feedback", "/api/v0.1/feedback"])("take feedback at %s", async (path) => {
    const reply = await post(server, path, {
      request: { data: { names: ["a"], ndarray: [[1, 2]] }, meta: { tags: { a: 1 } } },
      response: { data: { tensor: { shape: [1, 2], values: [3, 4] } }, meta: { routing: { node: 1, other: 2 } } },
      truth: { jsonData: [[5, 6]] },
      reward: 0.5,
    });
    expect(reply.body).toEqual({ data: { ndarray: [] }, meta: own });
    expect((await post(server, "/predict", { jsonData: null })).body).toEqual({
      jsonData: { request: [1, 2], response: [3, 4], truth: [5, 6], reward: 0.5, routing: 1 },
      meta: own,
    });
  });

  it("take feedback of which nearly all is left out", async () => {
    expect((await post(server, "/send-feedback", {})).body).toEqual({
      data: { tensor: { shape: [0], values: [] } },
      meta: own,
    });
    expect((await post(server, "/predict", { jsonData: null })).body).toMatchObject({ jsonData: { reward: 0 } });
  });

  it.each([
    [{ rewards: 1 }, expect.stringMatching(/^unknown field "rewards"/)],
    [
      { request: { data: { ndarray: [[1, 2]] }, other: 1 } },
      expect.stringMatching(/^\/request: unknown field "other"/),
    ],
    [{ request: { data: { array: [[1, 2]] } } }, expect.stringMatching(/^\/request\/data: unknown field "array"/)],
    [{ truth: { data: { ndarray: [["x", 2]] } } }, '/truth/data/ndarray/0/0: expected a float64 number, got "x"'],
    [{ reward: "much" }, '/reward: expected a number, got "much"'],
    [[], expect.stringMatching(/^expected an object, got a list/)],
  ])("refuse the feedback %j", async (body, info) => {
    const reply = await post(server, "/send-feedback", body);
    expect([reply.status, reply.body]).toEqual([400, badData(info)]);
  });
});

describe("a role that the service has not", () => {
  let server: ListeningService;
  beforeAll(async () => {
    server = await start(Doubler, { env: UNIT });
  });
  const own = { requestPath: { doubler: "registry:5000/doubler:1.2" } };

  it.each(["/transform-input", "/transform-output"])(
    "%s gives the message back with names made up anew",
    async (path) => {
      const meta = { puid: "p", tags: { a: 1 } };
      const answers = async (message: unknown): Promise<unknown> => (await post(server, path, message)).body;
      expect(await answers({ data: { names: ["a", "b"], ndarray: [["x", 1]] }, meta })).toEqual({
        data: { names: ["t:0", "t:1"], ndarray: [["x", 1]] },
        meta: { puid: "p", tags: { a: 1 }, ...own },
      });
      expect(await answers({ data: { tensor: { shape: [1, 2], values: [1, 2.5] } } })).toEqual({
        data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [1, 2.5] } },
        meta: own,
      });
      expect(await answers({ strData: "x" })).toEqual({ strData: "x", meta: own });
      expect(await answers({ binData: "AAE=" })).toEqual({ binData: "AAE=", meta: own });
      expect(await answers({ jsonData: { a: 1 } })).toEqual({ jsonData: { a: 1 }, meta: own });
      expect(await answers({})).toEqual(badData(expect.stringContaining("got none of them")));
    },
  );

  it("takes feedback and answers nothing", async () => {
    const request = { data: { ndarray: [["anything"]] } };
    expect((await post(server, "/send-feedback", { request, reward: 1 })).body).toEqual({
      data: { ndarray: [] },
      meta: own,
    });
  });

  it("predicts nothing", async () => {
    @service({ name: "router" })
    class Router {
      @api({ role: "route", input: t.Any() })
      choose(): number {
        return 0;
      }
    }
    const router = await start(Router);
    expect((await post(router, "/predict", { data: { ndarray: [[1]] } })).body).toEqual({
      data: { names: [], ndarray: [] },
      meta: {},
    });
    expect((await post(router, "/predict", { strData: "x" })).body).toEqual({
      data: { names: [], tensor: { shape: [0], values: [] } },
      meta: {},
    });
  });

  it.each([
    ["/route", { data: { ndarray: [[1]] } }, "Route not defined"],
    ["/aggregate", [], "Aggregate not defined"],
  ])("%s is refused", async (path, message, info) => {
    const reply = await post(server, path, message);
    expect([reply.status, reply.body]).toEqual([400, badData(info)]);
  });

  it("tells that no API is the default, or that the default one streams", async () => {
    const several = await post(await start(Several), "/predict", { jsonData: 1 });
    expect([several.status, several.body]).toEqual([
      400,
      badData("Predict not defined: none of 2 APIs is marked default: true"),
    ]);
    const streaming = await post(await start(Streaming), "/predict", { jsonData: 1 });
    expect([streaming.status, streaming.body]).toEqual([
      400,
      badData('API "count" answers with a stream, which Seldon\'s protocol has not'),
    ]);
  });
});

describe("what a component tells of itself", () => {
  it("is alive, healthy when the server is ready, and says where it stands", async () => {
    const server = await start(Doubler, { env: UNIT });
    const ping = await send(server, "/health/ping", { method: "GET" });
    expect([ping.status, ping.type, ping.body]).toEqual([200, "text/html; charset=utf-8", "pong"]);
    for (const path of ["/health/status", "/api/v1.0/health/status"]) {
      expect(await send(server, path, { method: "GET" })).toMatchObject({
        status: 200,
        body: { strData: "healthy", meta: { requestPath: { doubler: "registry:5000/doubler:1.2" } } },
      });
    }
    server.state.set({ phase: "serving", ready: false, workers: [] });
    const unready = await send(server, "/health/status", { method: "GET" });
    expect([unready.status, unready.body]).toEqual([
      503,
      { status: { status: 1, info: "not healthy: the server is not ready", code: -1, reason: "UNAVAILABLE" } },
    ]);
    expect((await send(server, "/health/ping", { method: "GET" })).status).toBe(200);
  });

  it.each([
    [{}, { name: "doubler", versions: ["1.4.0"] }],
    [UNIT, { name: "registry:5000/doubler", versions: ["1.2"] }],
    [
      { ...UNIT, MODEL_METADATA: "name: houses\nversions: [a, b]\nplatform: seldon\ncustom: {owner: me}\n" },
      { name: "houses", versions: ["a", "b"], platform: "seldon", custom: { owner: "me" } },
    ],
    [
      { MODEL_METADATA: '{"inputs":[{"messagetype":"tensor","schema":{"names":["a"],"shape":[1]}}],"outputs":[]}' },
      { inputs: [{ messagetype: "tensor", schema: { names: ["a"], shape: [1] } }], outputs: [] },
    ],
  ])("describes itself with %j", async (env, described) => {
    const tensor = [{ name: "input", datatype: "FP64", shape: [-1, 2] }];
    const server = await start(Doubler, { env });
    for (const path of ["/metadata", "/api/v1.0/metadata"]) {
      expect((await send(server, path, { method: "GET" })).body).toEqual({
        name: "doubler",
        versions: ["1.4.0"],
        platform: "",
        inputs: tensor,
        outputs: [{ ...tensor[0], name: "output" }],
        custom: {},
        ...described,
      });
    }
  });

  it.each(["owner: me", '{"name":5}', '{"inputs":[{"kind":"tensor"}]}', "- a"])(
    "fails where MODEL_METADATA is none: %s",
    async (text) => {
      const reply = await send(await start(Doubler, { env: { MODEL_METADATA: text } }), "/metadata", { method: "GET" });
      expect(reply.status).toBe(500);
      expect(reply.body).toMatchObject({ status: { reason: "MICROSERVICE_BAD_METADATA", code: -1 } });
    },
  );

  it.each([
    [Frames, [{ messagetype: "ndarray", schema: { names: ["rooms", "town"], shape: [-1, 2] } }]],
    [Texts, [{ messagetype: "strData" }]],
    [Binary, [{ messagetype: "binData" }]],
    [Anything, [{ messagetype: "jsonData", schema: {} }]],
    [
      Pairs,
      [
        { name: "a", datatype: "FP32", shape: [-1, 1] },
        { name: "b", datatype: "INT32", shape: [-1] },
      ],
    ],
  ])("describes inputs of each type", async (service, inputs) => {
    expect((await send(await start(service), "/metadata", { method: "GET" })).body).toMatchObject({ inputs });
  });

  it("has a valid OpenAPI document of the protocol", async () => {
    const { body } = await send(await start(Doubler), "/seldon.json", { method: "GET" });
    const { valid, errors } = await new Validator().validate(body as Record<string, unknown>);
    expect([valid, errors ?? []]).toEqual([true, []]);
  });
});

describe("the path /predict", () => {
  const native = { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":1}' };
  it.each([
    [{}, {}, "native"],
    [{}, { server: { protocols: { seldon: "only" } } }, "seldon"],
    [{}, { server: { protocols: { native: false } } }, "seldon"],
    [{ PREDICTIVE_UNIT_ID: "node" }, {}, "seldon"],
    [{ PREDICTIVE_UNIT_ID: "node", BENTO_SERVER_PROTOCOLS_SELDON: "false" }, {}, "native"],
  ])("of an API so named, with %j and %j, is %s", async (env, config, owner) => {
    const server = await start(Anything, { env, config });
    const reply = await send(server, "/predict", native);
    const wrong = await send(server, "/predict", { method: "PUT" });
    const { paths } = (await send(server, "/openapi.json", { method: "GET" })).body as { paths: object };
    if (owner === "native") {
      expect([reply.status, reply.body]).toEqual([200, { a: 1 }]);
      expect(wrong.type).toBe("application/problem+json");
    } else {
      expect([reply.status, reply.body]).toEqual([400, badData(expect.stringContaining("got none of them"))]);
      expect(wrong.body).toMatchObject({ status: { code: -1 } });
    }
    expect(Object.hasOwn(paths, "/predict")).toBe(owner === "native");
  });

  it("is no path of Seldon's where its protocol is off", async () => {
    const server = await start(Doubler, { config: { server: { protocols: { seldon: false } } } });
    const reply = await post(server, "/predict", { data: { ndarray: [[1, 2]] } });
    expect([reply.status, reply.type]).toEqual([404, "application/problem+json"]);
  });
});

describe("switches of a deployment", () => {
  it("hand bodies on as they are with PAYLOAD_PASSTHROUGH", async () => {
    const server = await start(Binary, { env: { PAYLOAD_PASSTHROUGH: "T" } });
    for (const path of ["/predict", "/api/v1.0/predictions"]) {
      const reply = await fetch(server.url + path, { method: "POST", body: Uint8Array.of(1, 2, 3) });
      expect(reply.headers.get("content-type")).toBe("application/json");
      expect(new Uint8Array(await reply.arrayBuffer())).toEqual(Uint8Array.of(3, 2, 1));
    }
    expect((await post(server, "/transform-input", { strData: "x" })).body).toEqual({ strData: "x", meta: {} });
  });

  it("leave metrics out of replies", async () => {
    const server = await start(Doubler, { env: { INCLUDE_METRICS_IN_CLIENT_RESPONSE: "false" } });
    const meta = { metrics: [{ key: "m", value: 1 }] };
    expect((await post(server, "/predict", { data: { ndarray: [[1, 2]] }, meta })).body).toMatchObject({
      meta: { tags: { rows: 1 } },
    });
    expect((await post(server, "/predict", { data: { ndarray: [[1, 2]] }, meta })).body).not.toHaveProperty(
      "meta.metrics",
    );
  });

  it("show the author's metrics under Seldon's names and labels, and count rewards", async () => {
    const env = {
      ...UNIT,
      SELDON_DEPLOYMENT_ID: "houses",
      PREDICTOR_ID: "main",
      PREDICTOR_LABELS: '{"version":"v2"}',
    };
    const server = await start(Doubler, { env });
    await post(server, "/predict", { data: { ndarray: [[1, 2]] } });
    // A call by another protocol counts alike.
    await post(server, "/double", [
      [1, 2],
      [3, 4],
    ]);
    await post(server, "/send-feedback", { reward: 0.25 });
    await post(server, "/send-feedback", { reward: 0 });
    await post(server, "/send-feedback", { reward: -1 });
    const shown = await server.metrics();
    const labels = (method: string): string =>
      `deployment_name="houses",model_name="doubler",model_image="registry:5000/doubler",model_version="1.2",predictor_name="main",predictor_version="v2",seldon_deployment_name="houses",image_name="registry:5000/doubler",image_version="1.2",worker_id="0",method="${method}"`;
    expect(shown).toContain(`\ncalls_total{kind="double",${labels("predict")}} 2\n`);
    expect(shown).toContain(`\nrows{${labels("predict")}} 2\n`);
    expect(shown).toContain(`\ntook_sum{${labels("predict")}} 0.04\n`);
    expect(shown).toContain(`\ntook_count{${labels("predict")}} 2\n`);
    expect(shown).toContain(`\nseldon_api_model_feedback_total{${labels("feedback")}} 2\n`);
    expect(shown).toContain(`\nseldon_api_model_feedback_reward_total{${labels("feedback")}} 0.25\n`);
    expect(shown).toContain('\nbento_user_metrics_dropped_total{reason="value"} 1\n');
    expect(shown).toContain("# TYPE took histogram");
  });

  it("let a label of Seldon's go over the author's of that name, and say so of what is not set", async () => {
    @service({ name: "labelled" })
    class Labelled {
      @api({ input: t.Any(), output: t.Any() })
      count(_value: unknown, ctx: Context): null {
        ctx.metrics.counter("seen", 1, { model_name: "mine", own: "x" });
        return null;
      }
    }
    const server = await start(Labelled, { env: { PREDICTIVE_UNIT_ID: "node" } });
    await post(server, "/predict", { jsonData: 1 });
    expect(await server.metrics()).toMatch(
      /\nseen_total\{model_name="node",own="x",deployment_name="NOT_IMPLEMENTED",/,
    );
  });
});

describe("the time of one call", () => {
  it("is what the annotations of the pod say, for Seldon's own calls", async () => {
    const dir = await mkdtemp(join(tmpdir(), "bento-podinfo-"));
    const annotationsFile = join(dir, "annotations");
    await writeFile(annotationsFile, 'seldon.io/rest-timeout="40"\n');
    @service({ name: "slow" })
    class Slow {
      @api({ input: t.Any(), output: t.Any() })
      wait(_value: unknown, { signal, deadline }: Context): Promise<number> {
        const leftMs = deadline - Date.now();
        return new Promise((resolve) => {
          if (leftMs > 1000) resolve(leftMs);
          else signal.addEventListener("abort", () => resolve(0));
        });
      }
    }
    const server = await start(Slow, { env: { PREDICTIVE_UNIT_ID: "slow" }, annotationsFile });
    const late = await post(server, "/predict", { jsonData: 1 });
    expect([late.status, late.body]).toEqual([
      504,
      { status: { status: 1, info: "the call was not answered within 40 ms", code: -1, reason: "DEADLINE_EXCEEDED" } },
    ]);
    expect((await post(server, "/wait", 1)).status).toBe(200);
    await rm(dir, { recursive: true });
  });
});

describe("an array that asks for more than it brings", () => {
  it("is refused, however it comes and whatever takes it", async () => {
    const server = await start(GraphNode);
    const tensor = (shape: number[]): unknown => ({ data: { tensor: { shape, values: [] } } });
    const dim = [{ size: "2000000" }, { size: "0" }];
    const tftensor = { dtype: "DT_FLOAT", tensorShape: { dim } };
    for (const message of [tensor([0, 1e9]), tensor([2e6, 0]), { data: { tftensor } }]) {
      const reply = await post(server, "/transform-output", message);
      expect([reply.status, JSON.stringify(reply.body)]).toEqual([
        400,
        expect.stringContaining("is too large for an array without values"),
      ]);
    }
    const many = Array.from({ length: 5000 }, () => 1);
    const deep = await post(server, "/transform-output", { data: { tensor: { shape: many, values: [1] } } });
    expect([deep.status, deep.body]).toEqual([400, badData("/data/tensor/shape: expected at most 64 dimensions")]);
  });
});
