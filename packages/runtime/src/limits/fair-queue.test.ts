import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFairQueue, type FairQueue } from "./fair-queue.ts";

/** What is taken, by key. */
function takeAll(queue: FairQueue<string>): string[] {
  const order: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) order.push(next.item);
  return order;
}

describe("a fair queue", () => {
  it("gives callers their turns one after the other, however long their lines are", () => {
    const queue = createFairQueue<string>();
    for (const item of ["a1", "a2", "a3", "a4"]) queue.add("a", item, 1);
    for (const item of ["b1", "b2"]) queue.add("b", item, 1);
    expect(takeAll(queue)).toEqual(["a1", "b1", "a2", "b2", "a3", "a4"]);
  });

  it("counts what is served and not how often: four rows at once are as much as four times one", () => {
    const queue = createFairQueue<string>();
    for (const item of ["a1", "a2"]) queue.add("a", item, 4);
    for (const item of ["b1", "b2", "b3", "b4", "b5"]) queue.add("b", item, 1);
    expect(takeAll(queue)).toEqual(["a1", "b1", "b2", "b3", "b4", "a2", "b5"]);
  });

  it("lets nobody save up turns by coming late", () => {
    const queue = createFairQueue<string>();
    for (let at = 0; at < 10; at += 1) queue.add("a", `a${at}`, 1);
    for (let at = 0; at < 4; at += 1) queue.take();
    for (let at = 0; at < 4; at += 1) queue.add("b", `b${at}`, 1);
    expect(takeAll(queue)).toEqual(["a4", "b0", "a5", "b1", "a6", "b2", "a7", "b3", "a8", "a9"]);
  });

  it("serves a line of one name though callers of fresh names come without end", () => {
    const queue = createFairQueue<string>();
    for (let at = 0; at < 5; at += 1) queue.add("a", `a${at}`, 1);
    for (let at = 0; at < 10; at += 1) queue.add(`other ${at}`, "other", 1);
    let served = 0;
    // Eleven names wait at any time: "a" gets its turn as often as that allows, give or take one round.
    for (let at = 10; at < 10 + 66; at += 1) {
      if (queue.take()?.item !== "other") served += 1;
      queue.add(`other ${at}`, "other", 1);
    }
    expect(served).toBe(5);
  });
});

const key = fc.constantFrom("a", "b", "c", "d");
const cost = fc.integer({ min: 1, max: 9 });
const MAX_COST = 9;

describe("any fair queue", () => {
  it("gives out something whenever something waits, of each key in its order, and everything once", () => {
    const move = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), key, cost }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), key, at: fc.nat(5) }) },
    );
    fc.assert(
      fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
        const queue = createFairQueue<number>();
        const model = new Map<string, { item: number; cost: number }[]>();
        let items = 0;
        for (const one of moves) {
          if (one.kind === "add") {
            queue.add(one.key, items, one.cost);
            model.set(one.key, [...(model.get(one.key) ?? []), { item: items, cost: one.cost }]);
            items += 1;
          } else if (one.kind === "delete") {
            const line = model.get(one.key) ?? [];
            const [gone] = line.splice(one.at, 1);
            expect(queue.delete(one.key, gone?.item ?? -1)).toBe(gone !== undefined);
          } else {
            const taken = queue.take();
            const heads = [...model.values()].flatMap(([head]) => (head === undefined ? [] : [head]));
            if (heads.length === 0) expect(taken).toBeUndefined();
            else expect(heads).toContainEqual(taken);
            for (const line of model.values()) if (line[0]?.item === taken?.item) line.shift();
          }
          const left = [...model.values()].flat();
          expect(queue.size).toBe(left.length);
          expect(queue.cost).toBe(left.reduce((sum, { cost: rows }) => sum + rows, 0));
          expect(queue.keys).toBe([...model.values()].filter((line) => line.length > 0).length);
        }
      }),
    );
  });

  it("never serves one of two callers who both wait more than a largest call ahead of the other", () => {
    const line = fc.array(cost, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.dictionary(key, line, { minKeys: 2 }), (lines) => {
        const queue = createFairQueue<string>();
        for (const [name, costs] of Object.entries(lines)) for (const one of costs) queue.add(name, name, one);
        const served = new Map<string, number>(Object.keys(lines).map((name) => [name, 0]));
        for (let next = queue.take(); next !== undefined; next = queue.take()) {
          served.set(next.item, (served.get(next.item) ?? 0) + next.cost);
          const waiting = [...served].filter(([name]) => queue.costOf(name) > 0).map(([, rows]) => rows);
          // Source: Start-time Fair Queuing, theorem 1: the sum of the two largest calls.
          if (waiting.length > 1) expect(Math.max(...waiting) - Math.min(...waiting)).toBeLessThanOrEqual(2 * MAX_COST);
        }
      }),
    );
  });

  it("serves a newcomer within a round: before it go no more rows of anybody than a largest call and its own", () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.array(cost, { minLength: 20, maxLength: 40 }), { minKeys: 1 }),
        fc.nat(15),
        cost,
        (lines, before, own) => {
          const queue = createFairQueue<string>();
          for (const [name, costs] of Object.entries(lines)) for (const one of costs) queue.add(name, name, one);
          for (let at = 0; at < before; at += 1) queue.take();
          queue.add("newcomer", "newcomer", own);
          const ahead = new Map<string, number>();
          for (let next = queue.take(); next?.item !== "newcomer"; next = queue.take()) {
            expect(next).toBeDefined();
            if (next !== undefined) ahead.set(next.item, (ahead.get(next.item) ?? 0) + next.cost);
          }
          for (const rows of ahead.values()) expect(rows).toBeLessThanOrEqual(2 * MAX_COST);
        },
      ),
    );
  });
});
