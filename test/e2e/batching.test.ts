import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { grpcClient, type GrpcTestClient } from "../support/grpc-client.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

let server: ServerProcess;
let grpc: GrpcTestClient;

beforeAll(async () => {
  server = await serve(`${root}test/e2e/fixtures/batched/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
  });
  grpc = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const json = { "content-type": "application/json" };

function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init = { method: "POST", headers: json, body: JSON.stringify(body) };
  return fetch(`${server.url}${path}`, signal === undefined ? init : { ...init, signal });
}

async function plus(value: number): Promise<unknown> {
  return (await post("/plus", [[value]])).json();
}

async function metric(line: string): Promise<number> {
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text();
  const found = text.split("\n").filter((text) => text.startsWith(line));
  return found.reduce((sum, text) => sum + Number(text.slice(text.lastIndexOf(" "))), 0);
}

/** Holds the method with a call of its own, brings further calls into the queue, and lets them run. */
async function inOneBatch<T>(send: () => readonly Promise<T>[], { queued }: { readonly queued: number }): Promise<T[]> {
  const holding = await hold();
  const sent = send();
  await waiting(1 + queued);
  await post("/open", null);
  expect(await holding.answer).toEqual([[0, 1]]);
  return Promise.all(sent);
}

/** Begins a batch of one call that ends when `open` is called, once nobody is there any more. */
async function hold(): Promise<{ readonly answer: Promise<unknown> }> {
  await waiting(0);
  const before = await metric("held_batches");
  const answer = plus(-1);
  await vi.waitUntil(async () => (await metric("held_batches")) > before, { timeout: 20_000, interval: 20 });
  return { answer };
}

async function waiting(calls: number): Promise<void> {
  const isThere = async (): Promise<boolean> => (await metric('bento_requests_in_progress{api="plus"')) === calls;
  await vi.waitUntil(isThere, { timeout: 20_000, interval: 20 });
}

describe("a batched API of a server", () => {
  it("joins calls of the native route, of V2 over REST and of V2 over gRPC in one batch", async () => {
    const input = { name: "input", datatype: "FP32", shape: [1, 1] };
    const overRest = async (): Promise<unknown> => {
      const reply = await post("/v2/models/plus/infer", { inputs: [{ ...input, data: [20] }] });
      const { outputs } = (await reply.json()) as { outputs: readonly { data: unknown }[] };
      return outputs[0]?.data;
    };
    const overGrpc = async (): Promise<unknown> => {
      const raw_input_contents = [Buffer.from(Float32Array.of(30).buffer)];
      const { messages } = await grpc.call<{ readonly raw_output_contents: readonly Buffer[] }>("ModelInfer", [
        { model_name: "plus", inputs: [input], raw_input_contents },
      ]);
      return Array.from(new Float32Array(new Uint8Array(messages[0]?.raw_output_contents[0] ?? []).buffer));
    };
    expect(await inOneBatch(() => [plus(10), overRest(), overGrpc()], { queued: 3 })).toEqual([
      [[11, 3]],
      [21, 3],
      [31, 3],
    ]);
  });

  it("gives 31 callers their answers beside one whose input can't be computed", async () => {
    const send = (): Promise<Response>[] =>
      Array.from({ length: 32 }, (_, at) => post("/plus", [[at === 5 ? -7 : at]]));
    const replies = await inOneBatch(send, { queued: 32 });
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, (_, at) => (at === 5 ? 400 : 200)));
    expect(await replies[5]?.json()).toMatchObject({ detail: "a row of -7 can't be computed" });
    expect(await replies[31]?.json()).toEqual([[32, expect.any(Number)]]);
    expect(await metric('bento_batch_flushes_total{api="plus",reason="rerun"}')).toBeGreaterThan(0);
  });

  it("does not run what a caller who left has asked for", async () => {
    const caller = new AbortController();
    const leave = async (): Promise<unknown> => {
      const left = post("/plus", [[40]], caller.signal).then(
        () => "answered",
        () => "left",
      );
      await waiting(3);
      caller.abort();
      await waiting(2);
      return left;
    };
    const holding = await hold();
    const stays = plus(50);
    await waiting(2);
    expect(await leave()).toBe("left");
    await post("/open", null);
    await holding.answer;
    expect(await stays).toEqual([[51, 1]]);
    expect(await metric('bento_requests_total{api="plus",protocol="native",status="499"}')).toBe(1);
  });

  it("answers more rows than a batch may have as if they were one", async () => {
    const rows = Array.from({ length: 150 }, (_, at) => [at]);
    const reply = (await (await post("/plus", rows)).json()) as number[][];
    expect(reply.map(([value]) => value)).toEqual(rows.map(([value = 0]) => value + 1));
    expect(await (await post("/plus", [])).json()).toEqual([]);
  });

  it("counts batches, their rows and what began them", async () => {
    const flushes = await metric('bento_batch_flushes_total{api="plus"');
    expect(flushes).toBeGreaterThan(0);
    expect(await metric('bento_batch_rows_count{api="plus"}')).toBe(flushes);
    expect(await metric('bento_batch_wait_seconds_count{api="plus"}')).toBeGreaterThan(0);
  });
});
