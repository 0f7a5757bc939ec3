import { describe, expect, it } from "vitest";
import { type LoadOptions, runLoad } from "./run-load.ts";
import type { Caller, Outcome, Shot } from "./shot.ts";

const shot = (text: string): Shot => ({ path: "/", headers: {}, body: Buffer.from(text) });
const OK: Outcome = { status: "200", isOk: true, receivedBytes: 3 };

/** A server whose n-th call takes `times[n]` of a clock that stands still but for calls and sleeps, all in order. */
function fake(times: readonly number[], outcome: (index: number) => Outcome = () => OK) {
  let time = 0;
  const sent: { atMs: number; body: string }[] = [];
  const caller: Caller = {
    async send({ body }) {
      const index = sent.push({ atMs: time, body: body.toString() }) - 1;
      time += times[Math.min(index, times.length - 1)] ?? 0;
      return outcome(index);
    },
    close: () => undefined,
  };
  const options: LoadOptions = {
    concurrency: 1,
    requests: Infinity,
    durationMs: Infinity,
    rate: undefined,
    signal: new AbortController().signal,
    now: () => time,
    sleep: async (ms) => void (time += ms),
  };
  return { caller, options, sent };
}

describe("runLoad", () => {
  it("sends as many calls as it is told, its shots in turn", async () => {
    const { caller, options, sent } = fake([10]);
    const record = await runLoad(caller, [shot("a"), shot("bc")], { ...options, requests: 3 });
    expect(sent.map(({ body }) => body)).toEqual(["a", "bc", "a"]);
    expect(record).toEqual({
      latenciesMs: [10, 10, 10],
      byStatus: new Map([["200", 3]]),
      sentBytes: 4,
      receivedBytes: 9,
      elapsedMs: 30,
    });
  });

  it("sends none once the time is over, and counts the one that is on its way", async () => {
    const { caller, options } = fake([10]);
    expect((await runLoad(caller, [shot("")], { ...options, durationMs: 25 })).latenciesMs).toEqual([10, 10, 10]);
  });

  it("keeps failed calls out of the latencies, by their status", async () => {
    const { caller, options } = fake([10, 1, 1], (index) =>
      index === 0 ? OK : { status: index === 1 ? "503" : "ECONNRESET", isOk: false, receivedBytes: 0 },
    );
    const { latenciesMs, byStatus } = await runLoad(caller, [shot("")], { ...options, requests: 3 });
    expect(latenciesMs).toEqual([10]);
    expect(Object.fromEntries(byStatus)).toEqual({ "200": 1, "503": 1, ECONNRESET: 1 });
  });

  it("charges a stall with the calls that were due meanwhile", async () => {
    // 100 a second are due every 10 ms; the second takes 35, the others 1.
    const { caller, options, sent } = fake([1, 35, 1]);
    const { latenciesMs } = await runLoad(caller, [shot("")], { ...options, rate: 100, requests: 6 });
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 10, 45, 46, 47, 50]);
    // Due at 20, 30 and 40, answered at 46, 47 and 48.
    expect(latenciesMs).toEqual([1, 35, 26, 17, 8, 1]);
  });

  it("sends at the rate and no faster, until the time is over", async () => {
    const { caller, options, sent } = fake([1]);
    await runLoad(caller, [shot("")], { ...options, rate: 100, durationMs: 30 });
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 10, 20]);
  });

  it("stops when it is told to, and leaves out what was on its way", async () => {
    const controller = new AbortController();
    const { caller, options } = fake([10], (index) => {
      if (index === 2) controller.abort();
      return OK;
    });
    const { latenciesMs } = await runLoad(caller, [shot("")], { ...options, signal: controller.signal });
    expect(latenciesMs).toEqual([10, 10]);
  });
});
