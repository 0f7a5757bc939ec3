import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  api,
  type Context,
  defineApi,
  type Infer,
  onnx,
  service,
  ServingError,
  serviceClass,
  t,
  tensor,
} from "@bento-ts/runtime";
import { createTestClient, type TestClient } from "@bento-ts/runtime/testing";

const models = new URL("../models", import.meta.url).pathname;
const Rows = tensor("float32", [null, 4]);
const Sum = t.Object({ sum: t.Number() });

@service({ name: "decorated", version: "1.0.0" })
class Decorated {
  model = onnx("add-one.onnx");

  @api({ input: Rows, output: Sum })
  async sum(rows: Infer<typeof Rows>, ctx: Context): Promise<Infer<typeof Sum>> {
    const { y } = await this.model.run({ x: rows }, ctx);
    return { sum: Number(y.data.reduce((a: number, b: number) => a + b, 0)) };
  }

  @api({ input: t.String(), output: t.Number() })
  fail(kind: string): number {
    if (kind === "known") throw new ServingError("NOT_FOUND", "no such thing");
    if (kind === "unknown") throw new Error("secret");
    return Number.NaN;
  }

  @api({ input: t.Integer(), output: t.Integer() })
  async *count(to: number): AsyncGenerator<number> {
    for (let at = 1; at <= to; at += 1) {
      if (at === 4) throw new ServingError("FAILED_PRECONDITION", "four is too many");
      yield at;
    }
  }
}

const Plain = serviceClass(
  { name: "plain", version: "1.0.0" },
  class {
    model = onnx("add-one.onnx");
    sum = defineApi({ input: Rows, output: Sum }, async (rows, ctx) => {
      const { y } = await this.model.run({ x: rows }, ctx);
      return { sum: Number(y.data.reduce((a: number, b: number) => a + b, 0)) };
    });
    fail = defineApi({ input: t.String(), output: t.Number() }, (kind) => {
      if (kind === "known") throw new ServingError("NOT_FOUND", "no such thing");
      if (kind === "unknown") throw new Error("secret");
      return Number.NaN;
    });
    count = defineApi({ input: t.Integer(), output: t.Integer() }, async function* (to) {
      for (let at = 1; at <= to; at += 1) {
        if (at === 4) throw new ServingError("FAILED_PRECONDITION", "four is too many");
        yield at;
      }
    });
  },
);

describe.each([
  ["a class with decorators", Decorated],
  ["a class of defineApi fields", Plain],
])("%s", (_name, Service) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await createTestClient(Service, { baseDir: models });
  });
  afterAll(() => client.close());

  it("answers a call with what the model computed", async () => {
    const reply = await client.post("sum", [[1, 2, 3, 4]]);
    expect(reply.json()).toEqual({ sum: 14 });
    expect(reply.status).toBe(200);
    expect(reply.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("names the place of a fault in the input", async () => {
    const reply = await client.post("sum", [[1, 2, 3, "oops"]]);
    expect(reply.status).toBe(400);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(reply.json()).toMatchObject({
      code: "INVALID_ARGUMENT",
      errors: [{ path: "/0/3", message: expect.stringContaining('"oops"') }],
    });
  });

  it("sends the author's own error as it is, and nothing of any other", async () => {
    const json = (value: string): Promise<{ status: number; text: string }> =>
      client.post("fail", new TextEncoder().encode(JSON.stringify(value)), { "content-type": "application/json" });
    expect(await json("known")).toMatchObject({ status: 404, text: expect.stringContaining("no such thing") });
    const unknown = await json("unknown");
    expect(unknown.status).toBe(500);
    expect(unknown.text).not.toContain("secret");
    expect((await json("nan")).status).toBe(500);
  });

  it("streams as server-sent events, or as NDJSON by Accept, ending as the format says", async () => {
    const events = await client.post("count", 2);
    expect(events.headers["content-type"]).toBe("text/event-stream");
    expect(events.text).toBe("data: 1\n\ndata: 2\n\nevent: end\ndata: {}\n\n");
    const lines = await client.post("count", 3, { accept: "application/x-ndjson" });
    expect(lines.text).toBe("1\n2\n3\n");
  });
});

describe("a stream that fails after its first value", () => {
  it("ends the injected call with an error and leaves the process alive", async () => {
    const client = await createTestClient(Decorated, {
      baseDir: models,
      config: { telemetry: { logLevel: "silent" } },
    });
    await expect(client.post("count", 5)).rejects.toBeInstanceOf(Error);
    expect((await client.post("count", 1)).text).toContain("data: 1");
    await client.close();
  });
});
