import { describe, expect, it } from "vitest";
import { createBucketStore } from "./bucket-store.ts";
import { createFailedAttempts, type FailedAttempts } from "./failed-attempts.ts";

function open(): { nowMs: number; asked: number; limited: number; worker(): FailedAttempts } {
  const store = createBucketStore({ policies: [{ rate: 20, windowMs: 60_000, burst: 20 }], maxKeys: 1_000, takers: 2 });
  const house = {
    nowMs: 0,
    asked: 0,
    limited: 0,
    worker: () =>
      createFailedAttempts({
        nowMs: () => house.nowMs,
        maxKeys: 1_000,
        onLimited: () => void (house.limited += 1),
        ask: async ({ key, hasFailed }) => {
          house.asked += 1;
          if (hasFailed) store.charge(0, key, house.nowMs);
          return store.answer({ limit: 0, key, need: 0, wish: 0 }, house.nowMs).waitMs;
        },
      }),
  };
  return house;
}

const ip = "203.0.113.1";
const tries = async (attempts: FailedAttempts, from = ip): Promise<boolean> => {
  try {
    await attempts.assertMayTry(from);
    return true;
  } catch {
    return false;
  }
};

describe("refused credentials of an address", () => {
  it("are twenty in a minute on the whole server; the next are not looked at", async () => {
    const house = open();
    const workers = [house.worker(), house.worker()];
    let looked = 0;
    for (let at = 0; at < 40; at += 1) {
      const worker = workers[at % 2];
      if (worker === undefined || !(await tries(worker))) continue;
      looked += 1;
      worker.failed(ip);
      await Promise.resolve();
    }
    expect(looked).toBe(20);
    expect(house.limited).toBe(20);
    house.nowMs += 3_000;
    expect(await tries(house.worker())).toBe(true);
  });

  it("hold nobody else up, and all of an IPv6 network", async () => {
    const house = open();
    const worker = house.worker();
    for (let at = 0; at < 21; at += 1) worker.failed(`2001:db8::${at}`);
    expect(await tries(worker, "2001:db8::ffff")).toBe(false);
    expect(await tries(worker, "2001:db8:0:1::1")).toBe(true);
    expect(await tries(worker)).toBe(true);
  });

  it("are refused without asking once it is known, with the time to wait", async () => {
    const house = open();
    const worker = house.worker();
    for (let at = 0; at < 20; at += 1) worker.failed(ip);
    expect(await tries(worker)).toBe(false);
    const { asked } = house;
    for (let at = 0; at < 1_000; at += 1)
      expect(() => worker.assertMayTry(ip)).toThrow("too many refused credentials: try again in 3 s");
    expect(house.asked).toBe(asked);
  });

  it("that ran at the same time are all charged, so that the wait is longer", async () => {
    const house = open();
    const worker = house.worker();
    expect(await Promise.all(Array.from({ length: 30 }, () => tries(worker)))).not.toContain(false);
    for (let at = 0; at < 30; at += 1) worker.failed(ip);
    await Promise.resolve();
    await Promise.resolve();
    // Thirty spent of twenty: ten owed and one wanted, at one in three seconds.
    expect(() => worker.assertMayTry(ip)).toThrow("try again in 33 s");
  });
});
