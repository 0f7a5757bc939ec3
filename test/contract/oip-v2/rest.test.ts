import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gzipSync, deflateSync } from "node:zlib";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Models } from "./models.ts";
import { REST_PAIRS, type RestPair } from "./rest-pairs.ts";

let server: ListeningService;

beforeAll(async () => {
  server = await listen(Models);
});

afterAll(() => server.close());

/** Sends a request with exactly these headers, as far as HTTP lets one. */
async function send({ path, headers = {}, body }: Pick<RestPair, "path" | "headers" | "body">): Promise<Response> {
  const bytes =
    body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const sent = new Headers(headers);
  if (bytes === undefined) return fetch(server.url + path, { headers: sent });
  return fetch(server.url + path, { method: "POST", headers: sent, body: bytes });
}

async function errorOf(request: Pick<RestPair, "path" | "headers" | "body">): Promise<[number, unknown]> {
  const reply = await send(request);
  expect(reply.headers.get("content-type")).toBe("application/json");
  const body = (await reply.json()) as Record<string, unknown>;
  expect(Object.keys(body)).toEqual(["error"]);
  return [reply.status, body["error"]];
}

describe("the Open Inference Protocol V2 over REST", () => {
  it.each(REST_PAIRS.map((pair) => [pair.what, pair] as const))("answers %s", async (_what, pair) => {
    const reply = await send(pair);
    const bytes = Buffer.from(await reply.arrayBuffer());
    const wanted = typeof pair.reply === "string" ? Buffer.from(pair.reply) : Buffer.from(pair.reply.hex, "hex");
    expect(bytes.toString("latin1")).toBe(wanted.toString("latin1"));
    expect(reply.status).toBe(pair.status);
    expect(Object.fromEntries(reply.headers)).toMatchObject(pair.replyHeaders ?? {});
  });

  it.each(["gzip", "deflate"] as const)(
    "reads bodies in %s; the header length counts the JSON before compression",
    async (encoding) => {
      const json = JSON.stringify({
        id: "g",
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } }],
      });
      const whole = Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.of(2, 3).buffer)]);
      const reply = await send({
        path: "/v2/models/sum/infer",
        headers: { "content-encoding": encoding, "inference-header-content-length": String(json.length) },
        body: encoding === "gzip" ? gzipSync(whole) : deflateSync(whole),
      });
      expect(await reply.json()).toMatchObject({ id: "g", outputs: [{ data: [10] }] });
    },
  );

  it("makes up an id where the request has none", async () => {
    const body = { inputs: [{ name: "x", datatype: "FP32", shape: [0, 2], data: [] }] };
    const ids = await Promise.all(
      [1, 2].map(
        async () => ((await (await send({ path: "/v2/models/sum/infer", body })).json()) as { id: string }).id,
      ),
    );
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("takes a body that is one tensor and answers all outputs as bytes", async () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const headers = { "inference-header-content-length": "0" };
    const reply = await send({ path: "/v2/models/sum/versions/1/infer", headers, body: bytes });
    const length = Number(reply.headers.get("inference-header-content-length"));
    const whole = Buffer.from(await reply.arrayBuffer());
    expect(JSON.parse(whole.subarray(0, length).toString())).toMatchObject({
      outputs: [{ name: "output", shape: [2], datatype: "FP32", parameters: { binary_data_size: 8 } }],
    });
    expect(whole.subarray(length).toString("hex")).toBe("0000404000" + "00e040");
    const text = await send({ path: "/v2/models/shout/infer", headers, body: Buffer.from("loud é") });
    const textLength = Number(text.headers.get("inference-header-content-length"));
    // Of a text the length stands before it in the reply: É takes two bytes of UTF-8.
    expect(
      Buffer.from(await text.arrayBuffer())
        .subarray(textLength)
        .toString("latin1"),
    ).toBe(Buffer.from("\u0007\0\0\0LOUD É").toString("latin1"));
  });

  it("answers 503 while the server is not ready, health bodies included", async () => {
    const before = server.state.get();
    server.state.set({ ...before, ready: false });
    try {
      for (const [path, body] of [
        ["/v2/health/ready", { ready: false }],
        ["/v2/models/sum/ready", { name: "sum", ready: false }],
      ] as const) {
        const reply = await send({ path });
        expect([reply.status, await reply.json()]).toEqual([503, body]);
      }
      expect((await send({ path: "/v2/health/live" })).status).toBe(200);
    } finally {
      server.state.set(before);
    }
  });

  const x = { name: "x", datatype: "FP32", shape: [2], data: [1, 2] };
  const sum = "/v2/models/sum/infer";
  const length = { "inference-header-content-length": "2" };
  const inputs = (...list: object[]): object => ({ inputs: list });
  it.each<[string, string, Pick<RestPair, "headers" | "body">, number, string]>([
    ["an unknown model", "/v2/models/sun/infer", { body: {} }, 404, 'unknown model "sun", did you mean "sum"?'],
    [
      "an unknown version",
      "/v2/models/sum/versions/3/infer",
      { body: {} },
      404,
      'model "sum" has no version "3", it has 2, 1',
    ],
    ["a model that answers with a stream", "/v2/models/count", {}, 404, 'unknown model "count"'],
    ["a path that is none", "/v2/modles", {}, 404, "nothing answers GET on this path"],
    ["a method that is none", "/v2", { body: {} }, 405, "/v2 takes GET, not POST"],
    ["no JSON", sum, { body: "{" }, 400, "not valid JSON at line 1, column 2"],
    ["an empty body", sum, { body: "" }, 400, "expected JSON, got an empty body"],
    ["a list", sum, { body: [] }, 400, "expected an object, got a list of 0"],
    [
      "nesting without end",
      sum,
      { body: `{"inputs":${"[".repeat(100)}${"]".repeat(100)}}` },
      400,
      "nested more than 64 deep",
    ],
    ["no inputs", sum, { body: {} }, 400, "/inputs: expected a list, got undefined"],
    [
      "an input without name",
      sum,
      { body: inputs({}) },
      400,
      "/inputs/0/name: expected the name of an input, got none",
    ],
    [
      "an unknown datatype",
      sum,
      { body: inputs({ ...x, datatype: "FLOAT" }) },
      400,
      "/inputs/0/datatype: expected a datatype of FP32, FP64",
    ],
    [
      "another datatype than the model's",
      sum,
      { body: inputs({ ...x, shape: [1, 2], datatype: "FP64" }) },
      400,
      "/x: expected float32 [-1,2], got float64 [1,2]",
    ],
    ["another shape than the model's", sum, { body: inputs(x) }, 400, "/x: expected float32 [-1,2], got float32 [2]"],
    [
      "a negative size",
      sum,
      { body: inputs({ ...x, shape: [-1, 2] }) },
      400,
      "/inputs/0/shape/0: expected a whole number ≥ 0, got -1",
    ],
    [
      "no shape",
      sum,
      { body: inputs({ ...x, shape: undefined }) },
      400,
      "/inputs/0/shape: expected a list, got undefined",
    ],
    [
      "more sizes than a tensor has",
      sum,
      { body: inputs({ ...x, shape: Array.from({ length: 65 }, () => 1) }) },
      400,
      "/inputs/0/shape: expected at most 64 sizes, got 65",
    ],
    [
      "a product past counting",
      sum,
      { body: inputs({ ...x, shape: [1e15, 1e15] }) },
      400,
      "/inputs/0/data: shape [1000000000000000,1000000000000000] holds more elements than can be counted",
    ],
    [
      "fewer elements than the shape says",
      sum,
      { body: inputs({ ...x, shape: [2, 2] }) },
      400,
      "/inputs/0/data: shape [2,2] needs 4 elements, got 2",
    ],
    [
      "nested data of another shape",
      sum,
      { body: inputs({ ...x, shape: [1, 2], data: [[1], [2]] }) },
      400,
      "/inputs/0/data: expected shape [1,2], got [2,1]",
    ],
    [
      "ragged data",
      sum,
      { body: inputs({ ...x, shape: [2, 2], data: [[1, 2], [3]] }) },
      400,
      "/inputs/0/data/1: expected a list of 2 like the first one, got 1",
    ],
    [
      "an element of another type",
      sum,
      { body: inputs({ ...x, shape: [1, 2], data: [1, "2"] }) },
      400,
      '/inputs/0/data/1: expected a float32 number, got "2"',
    ],
    [
      "data and bytes at once",
      sum,
      { body: inputs({ ...x, parameters: { binary_data_size: 8 } }) },
      400,
      '/inputs/0: has both "data" and binary_data_size',
    ],
    [
      "neither data nor bytes",
      sum,
      { body: inputs({ ...x, data: undefined }) },
      400,
      "/inputs/0/data: expected a list of elements, got undefined",
    ],
    [
      "an input twice",
      sum,
      { body: inputs({ ...x, shape: [1, 2] }, { ...x, shape: [1, 2] }) },
      400,
      "/x: the input comes twice",
    ],
    [
      "an unknown output",
      sum,
      { body: { ...inputs({ ...x, shape: [1, 2] }), outputs: [{ name: "Output" }] } },
      400,
      '/outputs/0: model "sum" has no output "Output", did you mean "output"?',
    ],
    [
      "an output twice",
      sum,
      { body: { ...inputs({ ...x, shape: [1, 2] }), outputs: [{ name: "output" }, { name: "output" }] } },
      400,
      '/outputs/1: output "output" is asked for twice',
    ],
    ["an id that is no text", sum, { body: { id: 7, inputs: [] } }, 400, "/id: expected a text, got 7"],
    [
      "a header length that is none",
      sum,
      { headers: { "inference-header-content-length": "-1" }, body: "{}" },
      400,
      'Inference-Header-Content-Length: expected a whole number of bytes, got "-1"',
    ],
    [
      "a header length behind the body",
      sum,
      { headers: { "inference-header-content-length": "999" }, body: "{}" },
      400,
      "Inference-Header-Content-Length: 999 bytes are announced as JSON, the body has 2",
    ],
    [
      "bytes that no input takes",
      sum,
      { headers: length, body: "{}xx" },
      400,
      "/inputs: expected a list, got undefined",
    ],
    [
      "a raw body for several inputs",
      "/v2/models/people/infer",
      { headers: { "inference-header-content-length": "0" }, body: "x" },
      400,
      'Inference-Header-Content-Length: 0 says that the body is one tensor, model "people" takes 4',
    ],
    [
      "a raw body of half a row",
      sum,
      { headers: { "inference-header-content-length": "0" }, body: "x" },
      400,
      "expected a multiple of 8 bytes for float32 [-1,2], got 1",
    ],
    [
      "an encoding that is not known",
      sum,
      { headers: { "content-encoding": "zstd" }, body: "{}" },
      400,
      "the content encoding must be one of gzip, deflate, br or none",
    ],
    [
      "more than the API's own limit",
      "/v2/models/small/infer",
      { body: { pad: " ".repeat(400) } },
      413,
      'the body has more than 300 bytes, the limit set by maxBodyBytes of API "small"',
    ],
    [
      "a wait that is none",
      sum,
      { headers: { "x-request-timeout-ms": "soon" }, body: "{}" },
      400,
      "X-Request-Timeout-Ms: expected whole milliseconds",
    ],
  ])("refuses %s", async (_what, path, request, status, text) => {
    const [got, error] = await errorOf({ path, ...request });
    expect(error).toContain(text);
    expect(got).toBe(status);
  });

  it.each([
    [7, "/inputs/0: expected 8 bytes for float32 of shape [1,2], got 7", 7],
    [9, "/inputs/0: expected 8 bytes for float32 of shape [1,2], got 9", 9],
    [8, "/inputs/0/parameters/binary_data_size: 8 bytes are announced, 7 follow the JSON", 7],
    [8, "/inputs: 9 bytes follow the JSON, binary_data_size of all inputs makes 8", 9],
    ["8", '/inputs/0/parameters/binary_data_size: expected a number of bytes, got "8"', 8],
  ])("refuses a binary_data_size of %j where it does not fit: %s", async (size, text, sent) => {
    const json = JSON.stringify({
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: size } }],
    });
    const headers = { "inference-header-content-length": String(json.length) };
    const body = Buffer.concat([Buffer.from(json), Buffer.alloc(sent)]);
    expect(await errorOf({ path: "/v2/models/sum/infer", headers, body })).toEqual([400, text]);
  });

  it("tells nothing of an author's own error", async () => {
    const body = inputs({ ...x, shape: [1, 2] });
    const [status, error] = await errorOf({ path: "/v2/models/fail/infer", body });
    expect(status).toBe(500);
    expect(error).toMatch(/^the service failed; its log tells why under request id [0-9a-f-]{36}$/);
  });

  it("lets an API refuse non-finite numbers in bytes as it does in JSON", async () => {
    const json = JSON.stringify({
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } }],
    });
    const headers = { "inference-header-content-length": String(json.length) };
    const body = Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.of(1, Number.NaN).buffer)]);
    expect(await errorOf({ path: "/v2/models/sum/infer", headers, body })).toEqual([
      400,
      "/x: expected finite numbers, element 1 is none",
    ]);
  });
});
