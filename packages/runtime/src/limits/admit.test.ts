import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "../batching/fake-clock.fixture.ts";
import { Canceller } from "../call/cancellation.ts";
import { type Admission, type AdmissionLimits, type AdmissionOptions, createAdmission, type Visit } from "./admit.ts";
import type { ModelLine } from "./grants.ts";
import { House } from "./house.ts";

const signal = new AbortController().signal;
const one = (): number => 1;
const roomy = { concurrency: 1, queueRows: 1, queueBytes: 100 };
const frozen = { now: () => 0 };
const MINUTE = 60_000;
type Announce = (lines: ReadonlySet<ModelLine>) => void;

const enter = (admission: Admission, { caller = "a", bytes = 0, timeoutMs = MINUTE, api = "" } = {}): Visit =>
  admission.enter({ caller, announcedBytes: bytes, timeoutMs, api });
const full = expect.objectContaining({ code: "UNAVAILABLE", message: expect.stringContaining("the queue is full") });

/** An admission whose only slot is taken; `free` gives it back. */
async function busy(limits: Partial<AdmissionLimits>, options: AdmissionOptions = frozen) {
  const admission = createAdmission({ ...roomy, ...limits }, options);
  const first = enter(admission, { caller: "first" });
  await first.takeSlot(signal, one);
  return { admission, free: () => first.leave() };
}

describe("createAdmission", () => {
  it("lets one call run, one wait, and refuses the third with UNAVAILABLE and a Retry-After of at least a second", async () => {
    const { admission, free } = await busy({});
    const waiting = enter(admission).takeSlot(signal, one);
    expect(() => enter(admission)).toThrow(expect.objectContaining({ code: "UNAVAILABLE", retryAfterSeconds: 1 }));
    free();
    await waiting;
    expect(admission).toMatchObject({ running: 1, waiting: 0 });
  });

  it("serves the calls of one caller in the order in which they came", async () => {
    const admission = createAdmission({ ...roomy, queueRows: 3 }, frozen);
    const order: number[] = [];
    const visits = [0, 1, 2].map(() => enter(admission));
    const served = visits.map(async (visit, index) => {
      await visit.takeSlot(signal, one);
      order.push(index);
      visit.leave();
    });
    await Promise.all(served);
    expect(order).toEqual([0, 1, 2]);
  });

  it("gives callers their turns, however many calls of another wait", async () => {
    const { admission, free } = await busy({ queueRows: 10 });
    const order: string[] = [];
    const served = ["a1", "a2", "a3", "a4", "b1"].map(async (name) => {
      const visit = enter(admission, { caller: name.slice(0, 1) });
      await visit.takeSlot(signal, one);
      order.push(name);
      visit.leave();
    });
    free();
    await Promise.all(served);
    expect(order).toEqual(["a1", "b1", "a2", "a3", "a4"]);
  });

  it("drops a call that was aborted while queued and throws the signal's reason", async () => {
    const { admission } = await busy({});
    const controller = new AbortController();
    const second = enter(admission);
    const waiting = second.takeSlot(controller.signal, one);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    second.leave();
    expect(admission).toMatchObject({ running: 1, waiting: 0 });
  });

  it("refuses a body whose announced bytes do not fit beside those already held", () => {
    const admission = createAdmission({ concurrency: 1, queueRows: 10, queueBytes: 100 }, frozen);
    const first = enter(admission, { bytes: 60 });
    expect(() => enter(admission, { bytes: 41 })).toThrow(full);
    const second = enter(admission, { bytes: 30 });
    expect(() => second.hold(41)).toThrow(full);
    second.leave();
    first.leave();
    expect(() => enter(admission, { bytes: 100 })).not.toThrow();
  });

  it("refuses a body that would not fit into an empty house with PAYLOAD_TOO_LARGE: trying again is no use", () => {
    const admission = createAdmission({ concurrency: 1, queueRows: 10, queueBytes: 100 }, frozen);
    const tooLarge = expect.objectContaining({
      code: "PAYLOAD_TOO_LARGE",
      message: expect.stringContaining("server.limits.queueBytes"),
    });
    expect(() => enter(admission, { bytes: 101 })).toThrow(tooLarge);
    expect(() => enter(admission).hold(101)).toThrow(tooLarge);
  });

  it("counts the rows that calls bring, once they wait", async () => {
    const { admission, free } = await busy({ queueRows: 10 });
    const large = enter(admission);
    const waiting = large.takeSlot(signal, () => 8);
    const fitting = enter(admission).takeSlot(signal, () => 2);
    expect(() => enter(admission)).toThrow(full);
    free();
    await waiting;
    const other = enter(admission);
    expect(() => other.takeSlot(signal, () => 9)).toThrow(full);
    large.leave();
    await fitting;
  });

  it("lets a call with more rows than ever may wait in where nobody else waits", async () => {
    const { admission, free } = await busy({ queueRows: 10 });
    const large = enter(admission);
    const waiting = large.takeSlot(signal, () => 1_000);
    expect(() => enter(admission)).toThrow(full);
    free();
    await waiting;
  });

  it("refuses new calls once closed, and is idle when the last one has left", async () => {
    const admission = createAdmission(roomy, frozen);
    const visit = enter(admission);
    admission.close();
    expect(() => enter(admission)).toThrow(
      expect.objectContaining({ code: "UNAVAILABLE", message: "the server is shutting down" }),
    );
    const idle = admission.idle();
    visit.leave();
    visit.leave();
    await idle;
    expect(admission).toMatchObject({ running: 0, waiting: 0 });
  });

  it("never runs more than its slots nor holds more than its bounds, whatever the order of moves", async () => {
    const move = fc.record({
      kind: fc.constantFrom("enter", "slot", "leave", "hold", "rest", "resume"),
      caller: fc.constantFrom("a", "b", "c"),
      at: fc.nat(9),
      bytes: fc.nat(40),
      rows: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 80 }), async (moves) => {
        const admission = new House({ concurrency: 2, queueRows: 6, queueBytes: 100 }, frozen);
        const visits: Visit[] = [];
        for (const { kind, at, bytes, caller, rows } of moves) {
          const visit = visits[at % Math.max(1, visits.length)];
          try {
            if (kind === "enter") visits.push(enter(admission, { caller, bytes }));
            else if (kind === "slot") void Promise.resolve(visit?.takeSlot(signal, () => rows)).catch(() => undefined);
            else if (kind === "hold") visit?.hold(bytes);
            else if (kind === "rest") visit?.rest();
            else if (kind === "resume") void Promise.resolve(visit?.resume(signal)).catch(() => undefined);
            else visit?.leave();
          } catch {
            // A refusal is one of the legal answers.
          }
          expect(admission.running).toBeLessThanOrEqual(2);
          expect(admission.tenants.total.bytes).toBeLessThanOrEqual(100);
          expect(admission.tenants.total.rows + admission.running).toBeLessThanOrEqual(6 + 2);
        }
        for (const visit of visits) visit.leave();
        await admission.idle();
        expect(admission).toMatchObject({ running: 0, waiting: 0, tenants: { total: { rows: 0, bytes: 0 } } });
      }),
    );
  });
});

describe("a full queue", () => {
  it("gives a newcomer with less than a share the place of the newest call of the caller that has most", async () => {
    const { admission, free } = await busy({ queueRows: 4 });
    const told: string[] = [];
    const waits = [1, 2, 3, 4].map((at) => {
      const visit = enter(admission, { caller: "a" });
      visit.onDisplaced(({ message }) => told.push(`${at}: ${message}`));
      return visit.takeSlot(signal, one);
    });
    const newcomer = enter(admission, { caller: "b" });
    await expect(waits[3]).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterSeconds: 1 });
    expect(told).toEqual([expect.stringMatching(/^4: .*one of its calls has to leave$/)]);
    const served = newcomer.takeSlot(signal, one);
    free();
    await waits[0];
    expect(admission.running).toBe(1);
    expect(served).toBeInstanceOf(Promise);
  });

  it("refuses a caller that has its share already, and takes no more than that from others", async () => {
    const { admission } = await busy({ queueRows: 4 });
    for (let at = 0; at < 4; at += 1)
      void Promise.resolve(enter(admission, { caller: "a" }).takeSlot(signal, one)).catch(() => undefined);
    enter(admission, { caller: "b" });
    enter(admission, { caller: "b" });
    expect(() => enter(admission, { caller: "b" })).toThrow(full);
    expect(() => enter(admission, { caller: "a" })).toThrow(full);
  });

  it("makes room for bytes in the same way, also of a call whose body is still to come", async () => {
    const { admission } = await busy({ queueRows: 10 });
    const slow = [1, 2].map(() => enter(admission, { caller: "a", bytes: 50 }));
    const ended: string[] = [];
    slow[1]?.onDisplaced(({ code }) => ended.push(code));
    enter(admission, { caller: "b", bytes: 40 });
    expect(ended).toEqual(["UNAVAILABLE"]);
    expect(() => slow[1]?.hold(50)).toThrow(full);
    expect(() => slow[1]?.takeSlot(signal, one)).toThrow(full);
    expect(() => slow[0]?.hold(50)).not.toThrow();
  });

  it("is as full by calls whose body never comes, and by those that rest, as by those that wait", async () => {
    const admission = createAdmission({ ...roomy, concurrency: 2, queueRows: 2 }, frozen);
    const told: string[] = [];
    const stand = async (name: string): Promise<void> => {
      const visit = enter(admission, { caller: name.slice(0, 1) });
      visit.onDisplaced(({ message }) => told.push(`${name}: ${message}`));
      await visit.takeSlot(signal, one);
      visit.rest();
    };
    enter(admission, { caller: "a" });
    for (const name of ["a1", "a2", "a3"]) await stand(name);
    expect(admission).toMatchObject({ running: 0, waiting: 4 });
    expect(() => enter(admission, { caller: "a" })).toThrow(full);
    await stand("b1");
    expect(told).toEqual([expect.stringMatching(/^a3: .*one of its calls has to leave$/)]);
  });

  it("counts a displaced call until it has left", async () => {
    const { admission, free } = await busy({ queueRows: 2 });
    const visits = [1, 2].map(() => enter(admission, { caller: "a" }));
    const newcomer = enter(admission, { caller: "b" });
    free();
    for (const visit of [newcomer, ...visits, ...visits]) visit.leave();
    await admission.idle();
    expect(admission).toMatchObject({ running: 0, waiting: 0 });
  });
});

/** Calls that come in a plan and are served one after the other, each for `runMs`; a clock of its own. Gives each refusal with the time until all that waited then had left. */
async function simulate(plan: { readonly runMs: readonly number[]; readonly everyMs: number; readonly calls: number }) {
  let nowMs = 0;
  const admission = createAdmission({ concurrency: 1, queueRows: 40, queueBytes: 0 }, { now: () => nowMs });
  const refusals: { readonly atMs: number; readonly behind: number; readonly retryMs: number }[] = [];
  const leftAtMs: number[] = [];
  let accepted = 0;
  let started = 0;
  let endMs = Infinity;
  let current: Visit | undefined;
  const take = async (visit: Visit): Promise<void> => {
    await visit.takeSlot(signal, one);
    leftAtMs.push(nowMs);
    current = visit;
    endMs = nowMs + (plan.runMs[started % plan.runMs.length] ?? 1);
    started += 1;
  };
  for (let calls = 0; calls < plan.calls;) {
    const nextMs = calls * plan.everyMs;
    if (endMs <= nextMs) {
      nowMs = endMs;
      endMs = Infinity;
      current?.leave();
    } else {
      nowMs = nextMs;
      calls += 1;
      try {
        void take(enter(admission, { timeoutMs: Infinity }));
        accepted += 1;
      } catch (thrown) {
        const { retryAfterSeconds = 0 } = thrown as { retryAfterSeconds?: number };
        refusals.push({ atMs: nowMs, behind: accepted, retryMs: retryAfterSeconds * 1000 });
      }
    }
    await Promise.resolve();
    await Promise.resolve();
  }
  return refusals.flatMap(({ atMs, behind, retryMs }) => {
    const emptyMs = leftAtMs[behind - 1];
    return emptyMs === undefined ? [] : [{ retryMs, trueMs: emptyMs - atMs }];
  });
}

describe("the Retry-After of a refused call", () => {
  it.each([
    ["even runs", { runMs: [200], everyMs: 50, calls: 4_000 }],
    ["slow runs", { runMs: [1_000], everyMs: 300, calls: 1_000 }],
    ["uneven runs", { runMs: [20, 700, 50, 30, 400, 100], everyMs: 60, calls: 4_000 }],
    ["a rush that is hardly above what is served", { runMs: [100], everyMs: 90, calls: 10_000 }],
  ])("is within a factor of two of the time that the queue then takes: %s", async (_name, plan) => {
    const known = await simulate(plan);
    expect(known.length).toBeGreaterThan(100);
    for (const { retryMs, trueMs } of known) {
      // Whole seconds, one at least.
      expect(retryMs).toBeGreaterThanOrEqual(trueMs / 2);
      expect(retryMs).toBeLessThanOrEqual(2 * trueMs + 1_000);
    }
  });
});

describe("a queue that stands still", () => {
  it("tells who is refused to come again later and later", async () => {
    let nowMs = 0;
    const admission = createAdmission({ concurrency: 1, queueRows: 100, queueBytes: 0 }, { now: () => nowMs });
    const visits: Visit[] = [];
    const come = async (): Promise<void> => {
      const visit = enter(admission);
      await visit.takeSlot(signal, one);
      visits.push(visit);
    };
    for (let at = 0; at < 200; at += 1) {
      if (at >= 100) {
        await Promise.resolve();
        nowMs += 10;
        visits.pop()?.leave();
      }
      void come();
    }
    void come();
    const told: number[] = [];
    for (const passedMs of [0, 5_000, 5_000, 50_000]) {
      nowMs += passedMs;
      try {
        enter(admission);
      } catch (thrown) {
        told.push((thrown as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0);
      }
    }
    const [first, second = 0, third, last] = told;
    expect([first, last]).toEqual([1, 60]);
    expect(second).toBeGreaterThan(1);
    expect(third).toBeGreaterThan(second);
  });
});

describe("a call that comes to a long queue", () => {
  /** Twenty calls wait of which each takes a second. */
  async function longQueue() {
    let nowMs = 0;
    const admission = createAdmission({ concurrency: 1, queueRows: 100, queueBytes: 0 }, { now: () => nowMs });
    const serve = async (visit: Visit): Promise<void> => {
      await visit.takeSlot(signal, one);
      visits.push(visit);
    };
    const visits: Visit[] = [];
    for (let at = 0; at < 31; at += 1) void serve(enter(admission));
    for (let at = 0; at < 10; at += 1) {
      await Promise.resolve();
      nowMs += 1_000;
      visits.pop()?.leave();
    }
    return admission;
  }

  it("is refused at once when it would be answered too late, with the time that the queue takes", async () => {
    const admission = await longQueue();
    expect(admission.waiting).toBe(20);
    // 21 s of waiting are more than three quarters of 27 s.
    expect(() => enter(admission, { timeoutMs: 27_000 })).toThrow(
      expect.objectContaining({
        code: "UNAVAILABLE",
        retryAfterSeconds: 20,
        message: "the queue takes about 21 s, which is too much of the 27 s that the call has",
      }),
    );
    expect(() => enter(admission, { timeoutMs: 30_000 })).not.toThrow();
  });

  it("waits when its caller has nothing else there: its turn comes soon", async () => {
    const admission = await longQueue();
    expect(() => enter(admission, { caller: "b", timeoutMs: 5_000 })).not.toThrow();
  });

  it("is refused when it brings more than can be done in its time", async () => {
    const admission = await longQueue();
    const visit = enter(admission, { caller: "b", timeoutMs: 12_000 });
    expect(() => visit.takeSlot(signal, () => 5)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  });
});

describe("models that have enough to do", () => {
  /** A slow model and a quick one, each for the API of its name. */
  function workload() {
    let announce: Announce = () => undefined;
    const slow = { waitingRuns: 0, runMs: 100 };
    const quick = { waitingRuns: 0, runMs: 1 };
    const load = {
      lineOf: (api: string) => (api === "quick" ? quick : slow),
      onIdle: (callback: Announce) => void (announce = callback),
    };
    return { load, slow, quick, idle: (line: ModelLine) => announce(new Set([line])) };
  }

  it("keep further calls in the queue, where callers are told apart, though slots are free", async () => {
    const { load, slow, idle } = workload();
    const admission = createAdmission({ ...roomy, concurrency: 64, queueRows: 10 }, { now: () => 0, workload: load });
    const first = enter(admission);
    expect(first.takeSlot(signal, one)).toBeUndefined();
    slow.waitingRuns = 1;
    const order: string[] = [];
    for (const caller of ["a", "a", "a", "b"])
      void Promise.resolve(enter(admission, { caller }).takeSlot(signal, one)).then(() => order.push(caller));
    expect(admission).toMatchObject({ running: 1, waiting: 4 });
    slow.waitingRuns = 0;
    first.leave();
    await Promise.resolve();
    // Two for one, since nothing waits before the models any more.
    expect(order).toEqual(["a", "b"]);
    idle(slow);
    await Promise.resolve();
    expect(order).toEqual(["a", "b", "a", "a"]);
  });

  it("never keep back the only call: nobody would leave for it to begin", () => {
    const { load, slow } = workload();
    slow.waitingRuns = 5;
    const admission = createAdmission(roomy, { now: () => 0, workload: load });
    expect(enter(admission).takeSlot(signal, one)).toBeUndefined();
  });

  it("keep no calls back that go to other models, not even those of the same caller", async () => {
    const { load, slow, idle } = workload();
    const admission = createAdmission({ ...roomy, concurrency: 64, queueRows: 10 }, { now: () => 0, workload: load });
    void enter(admission, { api: "slow" }).takeSlot(signal, one);
    slow.waitingRuns = 1;
    const held = enter(admission, { api: "slow" }).takeSlot(signal, one);
    expect(held).toBeInstanceOf(Promise);
    const quick = enter(admission, { api: "quick" });
    expect(quick.takeSlot(signal, one)).toBeUndefined();
    // Of a call whose body says what is called that is known later.
    const late = enter(admission);
    late.aim("quick");
    expect(late.takeSlot(signal, one)).toBeUndefined();
    quick.leave();
    expect(admission).toMatchObject({ running: 2, waiting: 1 });
    slow.waitingRuns = 0;
    idle(slow);
    await held;
  });

  it("are given no more by calls of other APIs that end, and by such that end before they begin", async () => {
    const { load, slow, quick, idle } = workload();
    const admission = createAdmission({ ...roomy, concurrency: 64, queueRows: 100 }, { now: () => 0, workload: load });
    const first = enter(admission, { api: "slow" });
    void first.takeSlot(signal, one);
    slow.waitingRuns = 1;
    for (let at = 0; at < 63; at += 1) void enter(admission, { api: "slow" }).takeSlot(signal, one);
    expect(admission).toMatchObject({ running: 1, waiting: 63 });
    // Its run has begun; what the next call has to do before its own takes a while.
    slow.waitingRuns = 0;
    for (let at = 0; at < 30; at += 1) {
      const visit = enter(admission, { api: "quick" });
      expect(visit.takeSlot(signal, one)).toBeUndefined();
      visit.leave();
      enter(admission, { api: "slow" }).leave();
      idle(quick);
    }
    expect(admission).toMatchObject({ running: 1, waiting: 63 });
    idle(slow);
    expect(admission.running).toBe(3);
    first.leave();
    expect(admission.running).toBe(4);
  });

  it("take one place for one call, though others hold more of them for the slots that are free", () => {
    const { load, slow } = workload();
    const admission = createAdmission({ ...roomy, concurrency: 64, queueRows: 8 }, { now: () => 0, workload: load });
    void enter(admission, { api: "slow" }).takeSlot(signal, one);
    slow.waitingRuns = 1;
    let displaced = 0;
    for (let at = 0; at < 60; at += 1) enter(admission, { api: "quick" }).onDisplaced(() => (displaced += 1));
    for (let at = 1; at <= 4; at += 1) {
      enter(admission, { api: "slow", caller: "b" });
      expect(displaced).toBe(at);
    }
    // Half of the places in which calls may wait.
    expect(() => enter(admission, { api: "slow", caller: "b" })).toThrow(full);
    expect(admission.waiting).toBe(64);
  });

  it("of which calls wait for the same slots have some of them each", async () => {
    const { load } = workload();
    const admission = createAdmission({ ...roomy, queueRows: 10 }, { now: () => 0, workload: load });
    const first = enter(admission);
    await first.takeSlot(signal, one);
    const order: string[] = [];
    const served = ["slow", "slow", "slow", "quick", "quick"].map(async (api) => {
      const visit = enter(admission, { api });
      await visit.takeSlot(signal, one);
      order.push(api);
      visit.leave();
    });
    first.leave();
    await Promise.all(served);
    expect(order).toEqual(["slow", "quick", "slow", "quick", "slow"]);
  });

  it("have a pace of their own, by which their callers are told when to try again", async () => {
    let nowMs = 0;
    const { load, slow, quick } = workload();
    const admission = createAdmission(
      { ...roomy, concurrency: 8, queueRows: 60 },
      { now: () => nowMs, workload: load },
    );
    [slow.waitingRuns, quick.waitingRuns] = [1, 20];
    const begun: Record<string, Visit[]> = { slow: [], quick: [] };
    const come = async (api: string): Promise<void> => {
      const visit = enter(admission, { api });
      await visit.takeSlot(signal, one);
      begun[api]?.push(visit);
    };
    for (let at = 0; at < 31; at += 1) for (const api of ["slow", "quick"]) void come(api);
    const pass = async (api: string, ms: number): Promise<void> => {
      await Promise.resolve();
      nowMs += ms;
      begun[api]?.pop()?.leave();
    };
    // Ten calls of each leave, a hundred times as many milliseconds apart.
    for (let at = 0; at < 10; at += 1) await pass("quick", 10);
    for (let at = 0; at < 10; at += 1) await pass("slow", 1_000);
    expect(admission.waiting).toBe(40);
    expect(() => enter(admission, { api: "slow", timeoutMs: 20_000 })).toThrow(
      expect.objectContaining({ retryAfterSeconds: 20 }),
    );
    expect(() => enter(admission, { api: "quick", timeoutMs: 20_000 })).not.toThrow();
    // Of a call whose body says what is called nobody knows yet how long it would wait.
    const late = admission.enter({ caller: "a", announcedBytes: 0, timeoutMs: 20_000 });
    late.aim("quick");
    expect(() => late.takeSlot(signal, one)).not.toThrow();
    const hopeless = admission.enter({ caller: "a", announcedBytes: 0, timeoutMs: 20_000 });
    hopeless.aim("slow");
    expect(() => hopeless.takeSlot(signal, one)).toThrow(expect.objectContaining({ retryAfterSeconds: 20 }));
  });
});

describe("calls of several APIs", () => {
  const call = fc.record({
    api: fc.constantFrom("slow", "quick", "none"),
    caller: fc.constantFrom("a", "b"),
    atMs: fc.nat(300),
    ms: fc.integer({ min: 1, max: 60 }),
  });

  it("all have their turn, whatever they run and whoever waits, with no more of them inside than there are slots", async () => {
    const some = fc.array(call, { minLength: 20, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 8 }), async (calls, concurrency) => {
        const clock = createFakeClock();
        const load = models(clock);
        const limits = { concurrency, queueRows: 1_000, queueBytes: 0 };
        const admission = createAdmission(limits, { now: clock.now, workload: load });
        let answered = 0;
        let most = 0;
        const serve = async ({ api, caller, atMs, ms }: (typeof calls)[number]): Promise<void> => {
          await clock.sleep(atMs);
          const visit = enter(admission, { caller, api, timeoutMs: 1e9 });
          await visit.takeSlot(signal, one);
          most = Math.max(most, admission.running);
          await load.run(api, ms);
          visit.leave();
          answered += 1;
        };
        const all = calls.map(serve);
        await clock.runOut();
        expect(answered).toBe(calls.length);
        await Promise.all(all);
        expect(most).toBeLessThanOrEqual(concurrency);
        expect(admission).toMatchObject({ running: 0, waiting: 0 });
      }),
    );
  });

  /** Two models that run one call at a time, each for the API of its name. */
  function models(clock: ReturnType<typeof createFakeClock>) {
    let announce: Announce = () => undefined;
    const nothing = { waitingRuns: 0, runMs: undefined };
    const made = () => ({ waitingRuns: 0, runMs: undefined as number | undefined, last: Promise.resolve() });
    const lines = new Map(["slow", "quick"].map((api) => [api, made()]));
    return {
      lineOf: (api: string) => lines.get(api) ?? nothing,
      onIdle: (callback: Announce) => void (announce = callback),
      async run(api: string, ms: number): Promise<void> {
        const line = lines.get(api);
        if (line === undefined) return clock.sleep(ms);
        const before = line.last;
        const turn = before.then(async () => {
          line.waitingRuns -= 1;
          if (line.waitingRuns === 0) clock.after(0, () => announce(new Set([line])));
          await clock.sleep(ms);
          line.runMs = ms;
        });
        line.waitingRuns += 1;
        line.last = turn;
        return turn;
      },
    };
  }
});

describe("the queue's observer", () => {
  function watched(limits: Partial<AdmissionLimits>) {
    const seen: string[] = [];
    let nowMs = 0;
    const observer = {
      setRows: (rows: number) => void seen.push(`rows ${rows}`),
      observeWait: (seconds: number) => void seen.push(`waited ${seconds}`),
      shed: (reason: string) => void seen.push(`shed ${reason}`),
    };
    const pass = (ms: number): void => void (nowMs += ms);
    return { seen, pass, observer, opened: busy(limits, { now: () => nowMs, observer }) };
  }

  it("is told of each change of the queue's rows and of the seconds that a call waited in it", async () => {
    const { seen, pass, opened } = watched({ queueRows: 10 });
    const { admission, free } = await opened;
    const caller = new Canceller();
    const waiting = enter(admission).takeSlot(signal, () => 3);
    const leaving = Promise.resolve(enter(admission).takeSlot(caller, () => 4)).catch(() => "left");
    caller.abort(undefined);
    expect(await leaving).toBe("left");
    pass(1_500);
    free();
    await waiting;
    expect(seen).toEqual(["rows 3", "rows 7", "rows 3", "rows 0", "waited 1.5"]);
  });

  it("is told why calls found no room", async () => {
    const { seen, observer, opened } = watched({ queueRows: 2 });
    const { admission } = await opened;
    enter(admission);
    enter(admission);
    expect(() => enter(admission)).toThrow(full);
    enter(admission, { caller: "b" });
    expect(() => enter(admission, { caller: "b", bytes: 100 })).toThrow(full);
    const roomier = createAdmission({ ...roomy, queueRows: 9 }, { now: () => 0, observer });
    enter(roomier, { bytes: 60 });
    expect(() => enter(roomier, { bytes: 60 })).toThrow(full);
    admission.close();
    expect(() => enter(admission)).toThrow(/shutting down/);
    expect(seen).toEqual(["shed queue_full", "shed displaced", "shed queue_full", "shed queue_bytes", "shed draining"]);
  });
});
