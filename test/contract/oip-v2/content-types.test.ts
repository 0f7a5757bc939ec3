import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Models } from "./models.ts";

let server: ListeningService;

beforeAll(async () => {
  server = await listen(Models);
});

afterAll(() => server.close());

async function infer(model: string, body: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const reply = await fetch(`${server.url}/v2/models/${model}/infer`, { method: "POST", body: JSON.stringify(body) });
  return { status: reply.status, body: await reply.json() };
}

/** Replies are those of MLServer's documentation, "Content Types": columns [N, 1], the type of the request's codec in the reply, `str` on columns of texts. */
describe("content types of MLServer over V2", () => {
  it("takes a data frame as pd and answers one", async () => {
    const reply = await infer("people", {
      id: "p",
      parameters: { content_type: "pd" },
      inputs: [
        { name: "id", shape: [2, 1], datatype: "INT64", data: [1, 2] },
        { name: "age", shape: [2, 1], datatype: "FP64", data: [30.5, 41] },
        { name: "name", shape: [2, 1], datatype: "BYTES", data: ["Ada", "Bo"], parameters: { content_type: "str" } },
        { name: "ok", shape: [2, 1], datatype: "BOOL", data: [true, false] },
      ],
    });
    expect(reply).toEqual({
      status: 200,
      body: {
        model_name: "people",
        model_version: "1",
        id: "p",
        parameters: { content_type: "pd" },
        outputs: [
          { name: "id", shape: [2, 1], datatype: "INT64", data: [1, 2] },
          { name: "age", shape: [2, 1], datatype: "FP64", data: [30.5, 41] },
          { name: "name", shape: [2, 1], datatype: "BYTES", parameters: { content_type: "str" }, data: ["Ada", "Bo"] },
          { name: "ok", shape: [2, 1], datatype: "BOOL", data: [true, false] },
        ],
      },
    });
  });

  const columns = (name: object): object => ({
    inputs: [
      { name: "id", shape: [1], datatype: "INT64", data: [1] },
      { name: "age", shape: [1], datatype: "FP64", data: [1] },
      name,
      { name: "ok", shape: [1], datatype: "BOOL", data: [true] },
    ],
    outputs: [{ name: "name" }],
  });
  const nameOf = (text: string, contentType: string): object =>
    columns({ name: "name", shape: [1], datatype: "BYTES", data: [text], parameters: { content_type: contentType } });

  it.each([
    // RFC 4648: "YWJj" is "abc".
    ["base64", "YWJj", "abc"],
    ["base64", "no base64!", "no base64!"],
    ["datetime", "2026-11-25T12:30:00+01:00", "2026-11-25T12:30:00+01:00"],
    ["datetime", "2026-11-25", "2026-11-25"],
    ["str", "YWJj", "YWJj"],
  ])("reads a column of texts as %s: %j is %j", async (contentType, text, read) => {
    const reply = await infer("people", nameOf(text, contentType));
    expect(reply.body).toMatchObject({
      parameters: { content_type: "pd" },
      outputs: [{ name: "name", shape: [1, 1], parameters: { content_type: "str" }, data: [read] }],
    });
  });

  it.each([
    ["datetime", "yesterday", '/name/0: expected an ISO 8601 date or time, got "yesterday"'],
    ["datetime", "2026-13-45", '/name/0: expected an ISO 8601 date or time, got "2026-13-45"'],
    ["base64", "/w==", "/name/0: the base64 holds no UTF-8 text"],
  ])("refuses a column that is no %s: %j", async (contentType, text, error) => {
    expect(await infer("people", nameOf(text, contentType))).toEqual({ status: 400, body: { error } });
  });

  it("reads a text as str or base64, said of the input or of the request", async () => {
    const input = { name: "t", shape: [1], datatype: "BYTES" };
    for (const body of [
      { parameters: { content_type: "str" }, inputs: [{ ...input, data: ["abc"] }] },
      { parameters: { content_type: "base64" }, inputs: [{ ...input, data: ["YWJj"] }] },
    ]) {
      expect((await infer("shout", body)).body).toMatchObject({
        parameters: { content_type: "str" },
        outputs: [{ shape: [1, 1], datatype: "BYTES", parameters: { content_type: "str" }, data: ["ABC"] }],
      });
    }
    const own = await infer("shout", {
      inputs: [{ ...input, data: ["YWJj"], parameters: { content_type: "base64" } }],
    });
    expect(own.body).not.toHaveProperty("parameters");
    expect(own.body).toMatchObject({ outputs: [{ data: ["ABC"], parameters: { content_type: "str" } }] });
  });

  it("leaves base64 to types that read it themselves, and names it in the reply", async () => {
    const input = { name: "t", shape: [1], datatype: "BYTES", data: ["/wA="], parameters: { content_type: "base64" } };
    // The bytes ff 00 turned round are 00 ff: "AP8=".
    expect((await infer("picture", { inputs: [input] })).body).toMatchObject({
      outputs: [{ shape: [1, 1], parameters: { content_type: "base64" }, data: ["AP8="] }],
    });
  });

  it("answers numbers as np, lists as columns", async () => {
    const input = { name: "x", shape: [2, 2], datatype: "FP32", data: [1, 2, 3, 4] };
    const reply = await infer("sum", { parameters: { content_type: "np" }, inputs: [input] });
    expect(reply.body).toMatchObject({
      parameters: { content_type: "np" },
      outputs: [{ shape: [2, 1], datatype: "FP32", parameters: { content_type: "np" }, data: [6, 14] }],
    });
  });

  it("ignores a content type that it does not know, as if none had been given", async () => {
    const input = { name: "x", shape: [1, 2], datatype: "FP32", data: [1, 2] };
    const reply = await infer("sum", { id: "u", parameters: { content_type: "parquet" }, inputs: [input] });
    expect(reply.body).toEqual({
      model_name: "sum",
      model_version: "2",
      id: "u",
      outputs: [{ name: "output", shape: [1], datatype: "FP32", data: [6] }],
    });
  });
});
