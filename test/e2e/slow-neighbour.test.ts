import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type ServedSource, serveSource } from "../support/serve-source.ts";
import { eventually, root } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** `slow` runs a model for some seconds, on one thread, which was run before any call; the others take none of its time. */
const SERVICE = `import { api, onnx, service, t } from "@bento-ts/runtime";
const x = () => ({ dtype: "float32", shape: [1, 4], data: new Float32Array(4) });
@service({ name: "neighbours", version: "1.0.0" })
export class Neighbours {
  loop = onnx("${root}test/models/slow-loop.onnx", { run: "thread", threads: 1, pool: 1 });
  plus = onnx("${root}test/models/add-one.onnx");
  async onInit() {
    await this.loop.run({ iterations: { dtype: "int64", shape: [], data: BigInt64Array.of(500n) }, x: x() });
  }
  @api({ input: t.Integer(), output: t.Integer() })
  async slow(iterations, ctx) {
    const count = { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(iterations)) };
    await this.loop.run({ iterations: count, x: x() }, ctx);
    return iterations;
  }
  @api({ input: t.Integer(), output: t.Integer() })
  async plain(n) {
    return n;
  }
  @api({ input: t.Integer(), output: t.Integer() })
  async fast(n, ctx) {
    await this.plus.run({ x: x() }, ctx);
    return n;
  }
}`;

let served: ServedSource;
beforeAll(async () => {
  served = await serveSource(SERVICE);
});
afterAll(() => served.stop());

const post = (api: string, body: number, signal?: AbortSignal): Promise<Response> =>
  fetch(`${served.server.url}/${api}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: String(body),
    ...(signal === undefined ? {} : { signal }),
  });

const inProgress = async (): Promise<number> => {
  const text = await (await fetch(`${served.server.adminUrl}/metrics`)).text();
  return Number(/^bento_requests_in_progress\{api="slow"[^\n]* (\d+)$/m.exec(text)?.[1]);
};

it("answers calls of other APIs at once while runs of a slow model wait", async () => {
  const controller = new AbortController();
  // Some seconds each, one after the other: who had to wait for the last would find none in progress.
  const slow = Array.from({ length: 6 }, () => post("slow", 20_000, controller.signal));
  await eventually(async () => ((await inProgress()) === slow.length ? true : undefined));
  const replies = await Promise.all(["plain", "fast", "plain", "fast"].map((api) => post(api, 7)));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  // Here the body says what is called.
  const inputs = [{ name: "input", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.from("7")] } }];
  expect(await served.grpc.call("ModelInfer", [{ model_name: "plain", inputs }])).toMatchObject({ code: 0 });
  expect(await inProgress()).toBe(slow.length);
  controller.abort();
  await Promise.allSettled(slow);
});
