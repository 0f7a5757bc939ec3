import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type ServedSource, serveSource } from "../support/serve-source.ts";
import { eventually, root } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const CALLERS = 20;
/** Of the model's loop: seconds, so that the run of those who leave still goes on when they do, and next to nothing. */
const LONG = 10_000;
const SHORT = 1;
const SERVICE = `import { api, onnx, service, t } from "@bento-ts/runtime";
@service({ name: "slow", version: "1.0.0" })
export class Slow {
  loop = onnx("${root}test/models/slow-loop.onnx", { run: "thread", threads: 1, pool: 1 });
  @api({ input: t.Integer(), output: t.Integer() })
  async predict(iterations, ctx) {
    const count = { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(iterations)) };
    await this.loop.run({ iterations: count, x: { dtype: "float32", shape: [1, 4], data: new Float32Array(4) } }, ctx);
    return iterations;
  }
}`;
const contents = { bytes_contents: [Buffer.from(String(LONG))] };
const inference = { model_name: "predict", inputs: [{ name: "input", datatype: "BYTES", shape: [1], contents }] };

let served: ServedSource;
beforeAll(async () => {
  served = await serveSource(SERVICE);
});
afterAll(() => served.stop());

/** Sums a metric over the series whose labels hold all that is given. */
async function metric(name: string, ...labels: readonly string[]): Promise<number> {
  const text = await (await fetch(`${served.server.adminUrl}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

const runs = (): Promise<number> => metric("bento_model_run_duration_seconds_count");

/** Hangs up when all callers are inside, one runs and the others wait. */
async function hangUp(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const calls = Array.from({ length: CALLERS }, () => call(controller.signal));
  await eventually(async () => ((await metric("bento_requests_in_progress")) === CALLERS ? true : undefined));
  controller.abort();
  await Promise.allSettled(calls);
}

function post(iterations: number, more: { signal?: AbortSignal; headers?: Record<string, string> } = {}) {
  const headers = { "content-type": "application/json", ...more.headers };
  return fetch(`${served.server.url}/predict`, { method: "POST", body: String(iterations), ...more, headers });
}
const infer = (options: { signal?: AbortSignal; deadline?: Date }): Promise<{ code: number }> =>
  served.grpc.call("ModelInfer", [inference], options);

/** Ways to give up, and what callers who are still there are told. */
const WAYS: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  ["close their connections", "disconnect", () => hangUp((signal) => post(LONG, { signal }))],
  [
    "have given 100 ms in X-Request-Timeout-Ms",
    "deadline",
    async () => {
      const replies = await Promise.all(
        Array.from({ length: CALLERS }, () => post(LONG, { headers: { "x-request-timeout-ms": "100" } })),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([504]));
    },
  ],
  ["cancel their calls of gRPC", "disconnect", () => hangUp((signal) => infer({ signal }))],
  [
    "have given gRPC a deadline of 100 ms",
    // The client cancels the call as well when its time is up: whichever comes first.
    "",
    async () => {
      const ends = await Promise.all(
        Array.from({ length: CALLERS }, () => infer({ deadline: new Date(Date.now() + 100) })),
      );
      expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([4]));
    },
  ],
];

it.each(WAYS)(
  "runs nothing for 20 callers who %s but what had begun, and then the next call",
  async (_way, reason, giveUp) => {
    const seen = async () => ({
      runs: await runs(),
      waiting: await metric("bento_calls_cancelled_total", `reason="${reason}`, 'stage="queue"'),
      begun: await metric("bento_calls_cancelled_total", `reason="${reason}`, 'stage="run"'),
      dropped: await metric("bento_model_runs_cancelled_total", `reason="${reason}`, 'outcome="dropped"'),
      wasted: await metric("bento_model_runs_cancelled_total", `reason="${reason}`, 'outcome="wasted"'),
    });
    const before = await seen();
    await giveUp();
    expect((await post(SHORT)).status).toBe(200);
    const after = await seen();
    const since = (key: keyof typeof after): number => after[key] - before[key];
    expect(since("runs")).toBe(2);
    expect(since("wasted")).toBe(1);
    // Some wait for their turn to begin, some for the model.
    expect(since("waiting") + since("begun")).toBe(CALLERS);
    expect(since("dropped")).toBe(since("begun") - 1);
  },
);
