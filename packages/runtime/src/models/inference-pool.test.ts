import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LONGEST_CALL } from "../call/longest-call.ts";
import type { ServingError } from "../errors.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import type { Executor } from "./executor.ts";
import { startInferencePool } from "./inference-pool.ts";

const model = (name: string): string => fileURLToPath(new URL(`../../../../test/models/${name}.onnx`, import.meta.url));
const session = {
  graphOptimizationLevel: "all",
  enableCpuMemArena: true,
  enableMemPattern: true,
  sharedWeights: false,
} as const;

let threads: Worker[];
let incidents: ServingError[];
let open: Executor[];
let beforeOpening: () => Promise<void>;
const noteThread = (worker: Worker): unknown => threads.push(worker);

beforeEach(() => {
  threads = [];
  incidents = [];
  open = [];
  beforeOpening = async () => undefined;
  process.on("worker", noteThread);
});

afterEach(async () => {
  process.off("worker", noteThread);
  for (const thread of open) await thread.close();
});

async function start(name: string, size: { room?: () => number; idleMs?: number } = {}): Promise<Executor> {
  const spec = { path: model(name), threads: 1, outputs: undefined, session, signature: undefined };
  const options = {
    room: () => 1,
    idleMs: 60_000,
    longestCallMs: 60_000,
    lateMs: 0,
    ...size,
    firstDelayMs: 1,
    maxDelayMs: 4,
    beforeOpening: () => beforeOpening(),
    onIncident: (error: ServingError) => incidents.push(error),
  };
  const thread = await startInferencePool({ engine: "onnx", spec }, options);
  open.push(thread);
  return thread;
}

const row = (...values: number[]): NamedTensors => ({
  x: { dtype: "float32", shape: [1, 4], data: new Float32Array(values) },
});

/** Ends a thread as a defect would: its own code throws while it handles a message. */
function breakThread(): void {
  threads.at(-1)?.postMessage(null);
}

describe("startInferencePool", () => {
  it("runs the model beside this thread, and tells what it takes", async () => {
    const thread = await start("add-one");
    expect(thread.place).toBe("thread");
    expect(thread.info.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["N", 4] }]);
    expect(await thread.run(row(1, 2, 3, 4), {})).toEqual({ y: row(2, 3, 4, 5)["x"] });
  });

  it("carries texts and float16", async () => {
    const texts = await start("identity-string");
    const x = { dtype: "string", shape: [2], data: ["", "ü"] } as const;
    expect(await texts.run({ x: { ...x, data: [...x.data] } }, {})).toEqual({ y: x });
    const halves = await start("identity-float16");
    const half = { dtype: "float16", shape: [1], data: new Uint16Array([0x3c00]) } as const;
    expect(await halves.run({ x: half }, {})).toEqual({ y: half });
  });

  it("leaves the feeds to their owner, who may feed them again", async () => {
    const thread = await start("add-one");
    const feeds = row(1, 2, 3, 4);
    const results = await Promise.all([thread.run(feeds, {}), thread.run(feeds, {})]);
    expect(results[1]).toEqual(results[0]);
    expect(feeds).toEqual(row(1, 2, 3, 4));
  });

  it("moves the memory of feeds that are handed over, unless they share it with others", async () => {
    const thread = await start("add-one");
    const whole = new Float32Array([1, 2, 3, 4]);
    const pooled = new Float32Array([9, 1, 2, 3, 4, 9]);
    const x = { dtype: "float32", shape: [1, 4] } as const;
    const expected = { y: row(2, 3, 4, 5)["x"] };
    expect(await thread.run({ x: { ...x, data: whole } }, { transferFeeds: true })).toEqual(expected);
    expect(whole.length).toBe(0);
    expect(await thread.run({ x: { ...x, data: pooled.subarray(1, 5) } }, { transferFeeds: true })).toEqual(expected);
    expect(pooled).toEqual(new Float32Array([9, 1, 2, 3, 4, 9]));
  });

  it("throws what the model throws, with its code, and goes on", async () => {
    const thread = await start("identity-string");
    const cut: NamedTensors = { x: { dtype: "string", shape: [1], data: ["a\0"] } };
    await expect(thread.run(cut, {})).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("NUL"),
    });
    const wrongRank: NamedTensors = { x: { dtype: "string", shape: [1, 1], data: ["a"] } };
    await expect(thread.run(wrongRank, {})).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'model "identity-string.onnx" failed while it ran',
      cause: expect.objectContaining({ message: expect.stringContaining("Invalid rank") }),
    });
    expect(await thread.run({ x: { dtype: "string", shape: [1], data: ["a"] } }, {})).toMatchObject({
      y: { data: ["a"] },
    });
    expect(incidents).toEqual([]);
  });

  it("throws what loading throws, and leaves no thread behind", async () => {
    const ended = new Promise((resolve) => process.once("worker", (worker: Worker) => worker.once("exit", resolve)));
    await expect(start("broken")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"broken.onnx" is not a readable ONNX model'),
    });
    expect(await ended).toBe(0);
  });

  it("lets timers run while the model computes", async () => {
    const thread = await start("slow-90ms");
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await thread.run(row(1, 2, 3, 4), {});
    clearInterval(timer);
    // On this thread it would be none.
    expect(ticks).toBeGreaterThan(3);
  });

  it("drops a run that is aborted while it waits", async () => {
    const thread = await start("slow-90ms");
    const controller = new AbortController();
    const first = thread.run(row(1, 2, 3, 4), {});
    const second = thread.run(row(1, 2, 3, 4), { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await first).toEqual({ y: row(1, 2, 3, 4)["x"] });
  });
});

describe("the process of an inference thread", () => {
  it("tells the engine to keep to itself before the engine loads", async () => {
    const spec = { path: model("add-one"), threads: 1, outputs: undefined, session, signature: undefined };
    const code = `
      import { startInferencePool } from ${JSON.stringify(new URL("./inference-pool.ts", import.meta.url).href)};
      const options = { room: () => 1, idleMs: 60_000, longestCallMs: 60_000, lateMs: 1_000, firstDelayMs: 1, maxDelayMs: 1, beforeOpening: async () => {}, onIncident: () => {} };
      await startInferencePool(${JSON.stringify({ engine: "onnx", spec })}, options);
      console.log(process.env.ORT_DISABLE_TELEMETRY);`;
    const { ORT_DISABLE_TELEMETRY: _set, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], { env });
    expect(stdout).toBe("1\n");
  });
});

describe("an inference thread that ends by itself", () => {
  it("fails the run it was on and all that wait at once, and is replaced", async () => {
    const thread = await start("slow-90ms");
    // The thread reads this before the first run; that it has ended is seen here when the run was sent and the others wait.
    breakThread();
    const runs = [1, 2, 3].map((value) => thread.run(row(value, 2, 3, 4), {}));
    for (const run of runs) {
      await expect(run).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: "the thread that runs the model ended; it is being replaced",
        retryAfterSeconds: 1,
      });
    }
    await vi.waitFor(() => expect(thread.trouble).toBeUndefined(), 10_000);
    expect(await thread.run(row(5, 6, 7, 8), {})).toEqual({ y: row(5, 6, 7, 8)["x"] });
    expect(threads).toHaveLength(2);
    expect(incidents).toMatchObject([{ code: "UNAVAILABLE", details: { exitCode: 1 }, cause: expect.any(TypeError) }]);
  });

  it("refuses runs until it is replaced, and says so to probes", async () => {
    const thread = await start("add-one");
    const broken = new Promise((resolve) => threads.at(-1)?.once("exit", resolve));
    breakThread();
    await broken;
    await vi.waitFor(() => expect(incidents).toHaveLength(1), 10_000);
    expect(thread.trouble).toBe("its thread ended and is being replaced");
    await expect(thread.run(row(1, 2, 3, 4), {})).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterSeconds: 1 });
    await vi.waitFor(() => expect(thread.trouble).toBeUndefined(), 10_000);
    expect(await thread.run(row(1, 2, 3, 4), {})).toEqual({ y: row(2, 3, 4, 5)["x"] });
  });

  it("is replaced when what has to run before it stops throwing", async () => {
    const thread = await start("add-one");
    let tries = 0;
    beforeOpening = async () => {
      tries += 1;
      if (tries < 3) throw new Error("the file has changed");
    };
    breakThread();
    await vi.waitFor(() => expect(tries).toBe(3), 10_000);
    await vi.waitFor(() => expect(thread.trouble).toBeUndefined(), 10_000);
    const text = "the thread that runs the model could not be replaced, it is tried again: the file has changed";
    expect(incidents.slice(1)).toMatchObject([{ message: text }, { message: text }]);
    expect(threads).toHaveLength(2);
  });

  it("is not replaced once it is closed", async () => {
    const thread = await start("add-one");
    const broken = new Promise((resolve) => threads.at(-1)?.once("exit", resolve));
    breakThread();
    await Promise.all([broken, thread.close()]);
    await thread.close();
    await expect(thread.run(row(1, 2, 3, 4), {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(threads).toHaveLength(1);
  });
});

describe("a pool of inference threads", () => {
  /** Keeps the pool busy until it has as many threads. */
  async function grow(pool: Executor, size: number): Promise<void> {
    let isGrown = false;
    const caller = async (): Promise<void> => {
      while (!isGrown) {
        await pool.run(row(1, 2, 3, 4), {});
        isGrown ||= pool.pool.threads === size;
      }
    };
    await Promise.all(Array.from({ length: 2 * size + 2 }, caller));
  }

  it("has one thread until runs wait, then as many as it may have, and runs on all of them", async () => {
    const pool = await start("slow-90ms", { room: () => 2 });
    await pool.run(row(1, 2, 3, 4), {});
    expect(pool.pool).toEqual({ threads: 1, longestQueue: 0 });
    const runs = Array.from({ length: 8 }, (_, at) => pool.run(row(at, 2, 3, 4), {}));
    expect(pool.pool).toEqual({ threads: 1, longestQueue: 7 });
    expect(await Promise.all(runs)).toEqual(runs.map((_, at) => ({ y: row(at, 2, 3, 4)["x"] })));
    await grow(pool, 2);
    const answered: number[] = [];
    const [first, second] = [1, 2].map((name) => pool.run(row(1, 2, 3, 4), {}).then(() => answered.push(name)));
    // Both have begun: a run that waits could still be dropped.
    const waiting = new AbortController();
    const third = pool.run(row(1, 2, 3, 4), { signal: waiting.signal });
    waiting.abort();
    await expect(third).rejects.toMatchObject({ code: "CANCELLED" });
    expect(answered).toEqual([]);
    await Promise.all([first, second]);
    expect(threads).toHaveLength(2);
    expect(incidents).toEqual([]);
  });

  it("opens no further thread for runs that are shorter than what a thread costs", async () => {
    const pool = await start("add-one", { room: () => 4 });
    await pool.run(row(1, 2, 3, 4), {});
    for (let at = 0; at < 20; at += 1) {
      await Promise.all(Array.from({ length: 50 }, () => pool.run(row(1, 2, 3, 4), {})));
    }
    expect(threads).toHaveLength(1);
  });

  it("closes a thread that has had nothing to do, the model freed, but for the last one", async () => {
    const exitCodes: number[] = [];
    const noteEnd = (worker: Worker): unknown => worker.once("exit", (code) => exitCodes.push(code));
    process.on("worker", noteEnd);
    const pool = await start("slow-90ms", { room: () => 2, idleMs: 1 });
    await grow(pool, 2);
    process.off("worker", noteEnd);
    await vi.waitFor(() => expect(pool.pool.threads).toBe(1), 10_000);
    // 1 would be an end from outside.
    await vi.waitFor(() => expect(exitCodes).toEqual([0]), 10_000);
    expect(await pool.run(row(5, 6, 7, 8), {})).toEqual({ y: row(5, 6, 7, 8)["x"] });
    expect(incidents).toEqual([]);
  });

  it("closes a thread behind its run when there is room for fewer, as when other workers got work", async () => {
    let room = 2;
    const pool = await start("slow-90ms", { room: () => room });
    await grow(pool, 2);
    room = 1;
    const runs = Array.from({ length: 4 }, (_, at) => pool.run(row(at, 2, 3, 4), {}));
    expect(await Promise.all(runs)).toEqual(runs.map((_, at) => ({ y: row(at, 2, 3, 4)["x"] })));
    expect(pool.pool.threads).toBe(1);
    expect(threads).toHaveLength(2);
    expect(incidents).toEqual([]);
  });

  it("loses the run on a thread that ends and no other, and replaces the thread", async () => {
    const pool = await start("slow-90ms", { room: () => 2 });
    await grow(pool, 2);
    const runs = Array.from({ length: 6 }, (_, at) => pool.run(row(at, 2, 3, 4), {}));
    breakThread();
    expect(pool.trouble).toBeUndefined();
    const results = await Promise.allSettled(runs);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect(results.filter(({ status }) => status === "rejected")).toMatchObject([
      { reason: { code: "UNAVAILABLE", message: "the thread that runs the model ended; it is being replaced" } },
    ]);
    await vi.waitFor(() => expect(pool.pool.threads).toBe(2), 10_000);
    expect(threads).toHaveLength(3);
    expect(incidents).toMatchObject([{ code: "UNAVAILABLE", details: { exitCode: 1 } }]);
  });

  it("goes on with the threads it has when a further one can't be opened, and says so once", async () => {
    const pool = await start("slow-90ms", { room: () => 2 });
    beforeOpening = async () => {
      throw new Error("the file has changed");
    };
    const runs = Array.from({ length: 8 }, (_, at) => pool.run(row(at, 2, 3, 4), {}));
    expect(await Promise.all(runs)).toEqual(runs.map((_, at) => ({ y: row(at, 2, 3, 4)["x"] })));
    expect(incidents).toMatchObject([
      {
        code: "UNAVAILABLE",
        message: "a further thread for the model could not be opened, it goes on with 1: the file has changed",
      },
    ]);
    expect(threads).toHaveLength(1);
  });

  it("tells when the run that should have ended first should have", async () => {
    const pool = await start("slow-90ms", { room: () => 2 });
    await grow(pool, 2);
    expect(pool.dueMs).toBeUndefined();
    const soon = Date.now() + 5_000;
    const runs = [pool.run(row(1, 2, 3, 4), { deadline: soon }), pool.run(row(1, 2, 3, 4), { deadline: soon + 1 })];
    expect(pool.dueMs).toBe(soon);
    await Promise.all(runs);
    // Without a deadline of its own a run has the time of the longest call.
    const begunMs = Date.now();
    const last = pool.run(row(1, 2, 3, 4), {});
    expect(pool.dueMs).toBeGreaterThanOrEqual(begunMs + 60_000);
    await last;
    expect(pool.dueMs).toBeUndefined();
  });

  it("opens another thread for those that wait behind a run past its time, and has one again when that has ended", async () => {
    const pool = await start("slow-loop");
    const runLoop = (iterations: bigint, longestMs: number): Promise<NamedTensors> => {
      const count = { dtype: "int64", shape: [], data: BigInt64Array.of(iterations) } as const;
      return pool.run({ iterations: count, ...row(1, 2, 3, 4) }, { [LONGEST_CALL]: longestMs });
    };
    const ended: string[] = [];
    // Some seconds.
    const stuck = runLoop(30_000n, 50).then(() => ended.push("stuck"));
    await Promise.all([1, 2].map(() => runLoop(1n, 60_000).then(() => ended.push("other"))));
    expect(ended).toEqual(["other", "other"]);
    expect(pool.pool.threads).toBe(2);
    await stuck;
    expect(pool.pool.threads).toBe(1);
    await runLoop(1n, 60_000);
    expect(threads).toHaveLength(2);
    expect(incidents).toEqual([]);
  });

  it("gives a run the time of its API from its beginning, however soon its caller's is over", async () => {
    const pool = await start("slow-90ms");
    const begunMs = Date.now();
    const run = pool.run(row(1, 2, 3, 4), { deadline: begunMs + 1, [LONGEST_CALL]: 30_000 });
    expect(pool.dueMs).toBeGreaterThanOrEqual(begunMs + 30_000);
    expect(pool.dueMs).toBeLessThan(begunMs + 60_000);
    await run;
  });

  it("finishes the runs it has taken on all threads when it is closed", async () => {
    const pool = await start("slow-90ms", { room: () => 2 });
    await grow(pool, 2);
    const runs = Array.from({ length: 5 }, (_, at) => pool.run(row(at, 2, 3, 4), {}));
    await pool.close();
    expect(await Promise.all(runs)).toHaveLength(5);
    await expect(pool.run(row(1, 2, 3, 4), {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(incidents).toEqual([]);
  });
});

describe("closing an inference thread", () => {
  it("finishes the runs it has taken, then ends by itself", async () => {
    const thread = await start("slow-90ms");
    const ended = new Promise((resolve) => threads.at(-1)?.once("exit", resolve));
    const runs = [thread.run(row(1, 2, 3, 4), {}), thread.run(row(5, 6, 7, 8), {})];
    await thread.close();
    expect(await Promise.all(runs)).toEqual([{ y: row(1, 2, 3, 4)["x"] }, { y: row(5, 6, 7, 8)["x"] }]);
    // 1 would be an end from outside.
    expect(await ended).toBe(0);
  });

  it.each([
    ["idle", ""],
    [
      "in the middle of a run",
      "void thread.run({ x: { dtype: 'float32', shape: [1, 4], data: new Float32Array(4) } }, {}).then(() => console.log('answered'));",
    ],
  ])("a process whose thread is %s ends by itself, with nothing cut off", async (_state, last) => {
    const spec = { path: model("slow-90ms"), threads: 1, outputs: undefined, session, signature: undefined };
    const code = `
      import { startInferencePool } from ${JSON.stringify(new URL("./inference-pool.ts", import.meta.url).href)};
      const options = { room: () => 1, idleMs: 60_000, longestCallMs: 60_000, lateMs: 1_000, firstDelayMs: 1, maxDelayMs: 1, beforeOpening: async () => {}, onIncident: (error) => console.log(error) };
      const thread = await startInferencePool(${JSON.stringify({ engine: "onnx", spec: { ...spec } })}, options);
      console.log("started");
      ${last}`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code]);
    expect(stdout.trim().split("\n")).toEqual(last === "" ? ["started"] : ["started", "answered"]);
    expect(stderr).toBe("");
  });
});
