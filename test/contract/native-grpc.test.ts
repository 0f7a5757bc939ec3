import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, type Context, dataFrame, type Infer, service, ServingError, t, tensor } from "@bento-ts/runtime";
import { registeredService } from "../../packages/runtime/src/authoring/registered-service.ts";
import { ERROR_TABLE, type ErrorCode } from "../../packages/runtime/src/error-table.ts";
import { planProto, printProto } from "../../packages/runtime/src/protocols/proto/index.ts";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

const Frame = dataFrame({ key: "df", columns: { a: "float64", town: "string" } });
const Square = tensor("float32", [null, 2]);

/** What the methods tell of their calls. */
const seen: { aborted?: unknown; finished?: boolean; deadline?: number; headers?: Context["headers"] } = {};
let entered = Promise.withResolvers<void>();

@service({ name: "kitchen-sink", description: "For tests." })
class KitchenSink {
  @api({ input: Frame, output: t.Object({ sum: t.Number(), towns: t.Array(t.String()) }), summary: "Adds up" })
  add(df: Infer<typeof Frame>, ctx: Context): { sum: number; towns: string[] } {
    seen.headers = ctx.headers;
    ctx.setHeader("x-rows", String(df.rows));
    return { sum: [...df.column("a")].reduce((a, b) => a + b, 0), towns: [...df.column("town")] };
  }

  @api({ input: Square, output: Square, maxBodyBytes: 1_000 })
  twice(x: Infer<typeof Square>): Infer<typeof Square> {
    return { ...x, data: x.data.map((value) => 2 * value) };
  }

  @api({ input: t.Integer(), output: t.Object({ at: t.Integer() }) })
  async *count(to: number, ctx: Context): AsyncGenerator<{ at: number }> {
    ctx.setHeader("x-to", String(to));
    for (let at = 1; at <= to; at += 1) {
      if (at === 4) throw new ServingError("FAILED_PRECONDITION", "four is too many");
      yield { at };
    }
  }

  @api({ input: t.String(), output: t.String() })
  async fail(kind: string): Promise<string> {
    if (kind === "known") throw new ServingError("NOT_FOUND", "no such thing");
    if (isErrorCode(kind)) throw new ServingError(kind, "as told");
    throw new Error("secret");
  }

  @api({ input: t.String(), output: t.String() })
  async wait(_: string, ctx: Context): Promise<string> {
    seen.deadline = ctx.deadline;
    entered.resolve();
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    seen.aborted = ctx.signal.reason;
    return "late";
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_TABLE, code);

let server: ListeningService;
let client: GrpcTestClient;
let folder: string;

beforeAll(async () => {
  server = await listen(KitchenSink);
  folder = mkdtempSync(join(tmpdir(), "bento-ts-native-grpc-"));
  const definition = registeredService(KitchenSink)?.definition;
  if (definition === undefined) throw new Error("no definition");
  writeFileSync(join(folder, "service.proto"), printProto(planProto(definition, undefined)));
  client = grpcClient(server.grpcAddress, join(folder, "service.proto"), "bento.kitchen_sink.v1.KitchenSink");
});
afterAll(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe("native gRPC", () => {
  it("answers by the generated .proto, and REST answers the same", async () => {
    const answer = await client.call("Add", [{ a: [1.5, 2], town: ["Ulm", "Köln"] }]);
    expect(answer).toMatchObject({ code: status.OK, messages: [{ sum: 3.5, towns: ["Ulm", "Köln"] }] });
    const reply = await fetch(`${server.url}/add`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ df: { a: [1.5, 2], town: ["Ulm", "Köln"] } }),
    });
    expect(await reply.json()).toEqual(answer.messages[0]);
  });

  it("takes and gives tensors as raw bytes", async () => {
    const data = Buffer.from(Float32Array.of(1, 2, 3, 4.5).buffer);
    const { messages } = await client.call("Twice", [{ input: { shape: [2, 2], data } }]);
    expect(messages).toEqual([
      { output: { shape: ["2", "2"], data: Buffer.from(Float32Array.of(2, 4, 6, 9).buffer) } },
    ]);
  });

  it("streams what a generator yields, and ends with the error that ended it", async () => {
    const whole = await client.call("Count", [{ input: 2 }]);
    expect(whole).toMatchObject({ code: status.OK, messages: [{ at: "1" }, { at: "2" }] });
    expect(whole.metadata.get("x-to")).toEqual(["2"]);
    expect(await client.call("Count", [{ input: 9 }])).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: "four is too many",
      messages: [{ at: "1" }, { at: "2" }, { at: "3" }],
    });
  });

  it("shows metadata as headers, and headers that the method sets as initial metadata", async () => {
    const metadata = { "x-request-id": "batch-7", "x-tenant": "north", authorization: "Bearer x" };
    const answer = await client.call("Add", [{ a: [1], town: ["x"] }], { metadata });
    expect(answer.metadata.get("x-rows")).toEqual(["1"]);
    expect(answer.metadata.get("x-request-id")).toEqual(["batch-7"]);
    expect(seen.headers).toMatchObject({ ...metadata, "user-agent": expect.stringContaining("grpc-node") });
  });

  it.each([
    ["Add", { a: [NaN], town: ["x"] }, "INVALID_ARGUMENT", /^\/a\/0: /],
    ["Add", { a: [1], town: [] }, "INVALID_ARGUMENT", 'missing column "town"'],
    [
      "Twice",
      { input: { shape: [1], data: Buffer.alloc(4) } },
      "INVALID_ARGUMENT",
      "/input: expected float32 [-1,2], got float32 [1]",
    ],
    ["Twice", { input: { data: Buffer.alloc(1_000) } }, "RESOURCE_EXHAUSTED", 'maxBodyBytes of API "twice"'],
    ["Fail", { input: "known" }, "NOT_FOUND", "no such thing"],
    ["Fail", { input: "unknown" }, "INTERNAL", /^the service failed; its log tells why under request id [\w-]{36}$/],
    ["Fail", {}, "INVALID_ARGUMENT", "/input: is required"],
  ] as const)("refuses %s %j with %s", async (method, message, code, details) => {
    const end = await client.call(method, [message]);
    expect([end.code, end.details]).toEqual([
      status[code],
      typeof details === "string" ? expect.stringContaining(details) : expect.stringMatching(details),
    ]);
  });

  it.each([
    ["CANCELLED", 1],
    ["INVALID_ARGUMENT", 3],
    ["NOT_ACCEPTABLE", 3],
    ["UNSUPPORTED_MEDIA_TYPE", 3],
    ["DEADLINE_EXCEEDED", 4],
    ["REQUEST_TIMEOUT", 4],
    ["NOT_FOUND", 5],
    ["PERMISSION_DENIED", 7],
    ["RESOURCE_EXHAUSTED", 8],
    ["PAYLOAD_TOO_LARGE", 8],
    ["FAILED_PRECONDITION", 9],
    ["UNIMPLEMENTED", 12],
    ["INTERNAL", 13],
    ["UNAVAILABLE", 14],
    ["UNAUTHENTICATED", 16],
  ])("answers %s with status %i, and says when to come again where that may help", async (word, code) => {
    const end = await client.call("Fail", [{ input: word }], { metadata: { "x-request-id": "told" } });
    expect(end.code).toBe(code);
    expect(end.details).toBe(
      word === "INTERNAL" ? "the service failed; its log tells why under request id told" : "as told",
    );
    expect(end.trailers.get("retry-after")).toEqual(["RESOURCE_EXHAUSTED", "UNAVAILABLE"].includes(word) ? ["1"] : []);
    expect(end.trailers.get("x-request-id")).toEqual(["told"]);
  });

  it("waits for a caller who leaves its half of the call open no longer than the call may last", async () => {
    const patient = await listen(KitchenSink, { config: { server: { requestTimeout: "200ms" } } });
    const file = join(folder, "service.proto");
    const slow = grpcClient(patient.grpcAddress, file, "bento.kitchen_sink.v1.KitchenSink");
    const end = await slow.call("Fail", [{ input: "known" }], { keepOpen: true });
    expect(end.code).toBe(status.DEADLINE_EXCEEDED);
    slow.close();
    await patient.close();
  });

  it("passes the caller's deadline on and ends the work with it", async () => {
    delete seen.aborted;
    const deadline = Date.now() + 400;
    const end = await client.call("Wait", [{ input: "" }], { deadline });
    expect(end.code).toBe(status.DEADLINE_EXCEEDED);
    expect(seen.deadline).toBeLessThanOrEqual(deadline + 50);
    await expect
      .poll(() => seen.aborted)
      .toMatchObject({ code: expect.stringMatching(/^(DEADLINE_EXCEEDED|CANCELLED)$/) });
  });

  it("tells the method that its caller left", async () => {
    delete seen.aborted;
    entered = Promise.withResolvers();
    const gone = new AbortController();
    const end = client.call("Wait", [{ input: "" }], { signal: gone.signal });
    await entered.promise;
    gone.abort();
    expect((await end).code).toBe(status.CANCELLED);
    await expect.poll(() => seen.aborted).toMatchObject({ code: "CANCELLED" });
  });

  it("is described by reflection, and is among the services that health knows", async () => {
    const reflection = grpcClient(
      server.grpcAddress,
      "grpc/reflection/v1/reflection.proto",
      "grpc.reflection.v1.ServerReflection",
    );
    const health = grpcClient(server.grpcAddress, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
    const name = "bento.kitchen_sink.v1.KitchenSink";
    const [bySymbol, byFile] = (
      await reflection.call("ServerReflectionInfo", [
        { file_containing_symbol: `${name}.Add` },
        { file_by_filename: "bento/kitchen_sink/v1/kitchen_sink.proto" },
      ])
    ).messages;
    expect(bySymbol?.["file_descriptor_response"]).toBeDefined();
    expect(byFile?.["file_descriptor_response"]).toEqual(bySymbol?.["file_descriptor_response"]);
    expect((await health.call("Check", [{ service: name }])).messages).toEqual([{ status: 1 }]);
    reflection.close();
    health.close();
  });
});
