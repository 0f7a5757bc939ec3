import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BucketPolicy, fullBucket } from "./token-bucket.ts";
import { type BucketQuestion, createBucketStore, LOAN_MS } from "./bucket-store.ts";
import { createLoans, type Loans } from "./loans.ts";

const key = "ada";
// Ten in ten seconds.
const policy: BucketPolicy = { rate: 10, windowMs: 10_000, burst: 10 };

interface House {
  nowMs: number;
  readonly questions: BucketQuestion[];
  readonly store: ReturnType<typeof createBucketStore>;
  worker(): Loans;
  /** Whether the supervisor answers. */
  isDeaf: boolean;
}

function open(policies: readonly BucketPolicy[] = [policy], maxKeys = 100): House {
  const store = createBucketStore({ policies, maxKeys, takers: 2 });
  const house: House = {
    nowMs: 0,
    questions: [],
    store,
    isDeaf: false,
    worker: () =>
      createLoans({
        nowMs: () => house.nowMs,
        maxKeys,
        ask: async (question) => {
          house.questions.push(question);
          if (house.isDeaf) throw new Error("the supervisor does not answer");
          return store.answer(question, house.nowMs);
        },
      }),
  };
  return house;
}

async function admitted(worker: Loans, times: number): Promise<number> {
  let count = 0;
  for (let at = 0; at < times; at += 1) if ((await worker.take(0, key, 1)) === undefined) count += 1;
  return count;
}

describe("tokens of the whole server in workers", () => {
  it("are the burst at once, whichever worker asks", async () => {
    const house = open();
    const [a, b] = [house.worker(), house.worker()];
    const counts = [await admitted(a, 4), await admitted(b, 4), await admitted(a, 4), await admitted(b, 4)];
    expect(counts).toEqual([4, 4, 2, 0]);
    house.nowMs += 3_000;
    expect((await admitted(b, 5)) + (await admitted(a, 5))).toBe(3);
  });

  it("are taken without asking where a key is asked for often", async () => {
    const house = open([{ rate: 1_000, windowMs: 1_000, burst: 1_000 }]);
    const worker = house.worker();
    expect(await admitted(worker, 50)).toBe(50);
    worker.sweep();
    const before = house.questions.length;
    expect(worker.take(0, key, 1)).toBeInstanceOf(Promise);
    await Promise.resolve();
    for (let at = 0; at < 50; at += 1) expect(worker.take(0, key, 1)).toBeUndefined();
    expect(house.questions.length).toBe(before + 1);
  });

  it("come back when they are not used, so that others may have them", async () => {
    const house = open();
    const [a, b] = [house.worker(), house.worker()];
    expect(await admitted(a, 2)).toBe(2);
    a.sweep();
    // One more, and on loan a quarter of the seven that are left: one.
    expect(await admitted(a, 1)).toBe(1);
    expect(await admitted(b, 9)).toBe(6);
    a.sweep();
    a.sweep();
    // b knows that it has to wait, and asks again when that is over: one came back, one came in a second.
    house.nowMs += 1_000;
    expect(await admitted(b, 9)).toBe(2);
  });

  it("count as taken when their worker ends with them", async () => {
    const house = open();
    const a = house.worker();
    await admitted(a, 2);
    a.sweep();
    await admitted(a, 1);
    house.nowMs += LOAN_MS;
    // Ten less three taken, less one lent, and one that came in a second.
    expect(await admitted(house.worker(), 20)).toBe(7);
  });

  it("are refused without asking while it is known that none are there", async () => {
    const house = open();
    const worker = house.worker();
    await admitted(worker, 11);
    const asked = house.questions.length;
    for (let at = 0; at < 100; at += 1) expect(worker.take(0, key, 1)).toEqual({ waitMs: 1_000, remaining: 0 });
    expect(house.questions.length).toBe(asked);
    house.nowMs += 1_000;
    expect(await worker.take(0, key, 1)).toBeUndefined();
  });

  it("are not let in when the supervisor does not answer", async () => {
    const house = open();
    house.isDeaf = true;
    const worker = house.worker();
    await expect(worker.take(0, key, 1)).rejects.toThrow("does not answer");
    house.isDeaf = false;
    expect(await worker.take(0, key, 1)).toBeUndefined();
  });

  it("are remembered for a bounded number of callers, in workers and in the whole server", async () => {
    const house = open([policy], 50);
    const worker = house.worker();
    for (let at = 0; at < 1_000; at += 1) await worker.take(0, `caller ${at}`, 1);
    expect(worker.size).toBe(50);
    expect(house.store.size).toBe(50);
    worker.sweep();
    worker.sweep();
    expect(worker.size).toBe(0);
  });

  it("may be owed where they were spent before they could be refused, up to the burst", () => {
    const { store } = open();
    for (let at = 0; at < 100; at += 1) store.charge(0, key, 0);
    const look = { limit: 0, key, need: 0, wish: 0 };
    // Ten owed and one wanted, one a second.
    expect(store.answer(look, 0)).toMatchObject({ granted: false, waitMs: 11_000 });
    expect(store.answer(look, 11_000)).toMatchObject({ granted: true });
    expect(fullBucket(policy, 0).tokens).toBe(10);
  });

  it("never pass burst + rate · time in any window, whatever workers do, and when they end", async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant("take" as const),
          worker: fc.nat(2),
          need: fc.integer({ min: 1, max: 4 }),
          times: fc.integer({ min: 1, max: 12 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(1_500) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("sweep" as const), worker: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), worker: fc.nat(2) }) },
    );
    const policies = fc.record({
      rate: fc.integer({ min: 1, max: 50 }),
      windowMs: fc.integer({ min: 1_000, max: 10_000 }),
      burst: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(policies, fc.array(step, { maxLength: 60 }), async (chosen, steps) => {
        const house = open([chosen]);
        const workers = [house.worker(), house.worker(), house.worker()];
        const taken: { readonly atMs: number; readonly tokens: number }[] = [];
        for (const one of steps) {
          if (one.kind === "wait") house.nowMs += one.ms;
          else if (one.kind === "sweep") workers[one.worker]?.sweep();
          else if (one.kind === "die") workers[one.worker] = house.worker();
          else {
            // At the same time: answers of several questions come after one another.
            const tries = Array.from({ length: one.times }, () => workers[one.worker]?.take(0, key, one.need));
            for (const got of await Promise.all(tries))
              if (got === undefined) taken.push({ atMs: house.nowMs, tokens: one.need });
          }
        }
        for (let from = 0; from < taken.length; from += 1) {
          let sum = 0;
          for (const { atMs, tokens } of taken.slice(from)) {
            sum += tokens;
            const elapsedMs = atMs - (taken[from]?.atMs ?? 0);
            expect(sum).toBeLessThanOrEqual(chosen.burst + (chosen.rate * elapsedMs) / chosen.windowMs + 1e-6);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
