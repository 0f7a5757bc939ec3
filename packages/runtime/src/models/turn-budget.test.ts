import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createRunQueue } from "./run-queue.ts";
import { createTurnBudget } from "./turn-budget.ts";

describe("createTurnBudget", () => {
  it("is open until its milliseconds are spent, and again in the next turn", async () => {
    const turns = createTurnBudget(1);
    turns.spend(0.4);
    turns.spend(0.4);
    expect(turns.isOpen).toBe(true);
    turns.spend(0.4);
    expect(turns.isOpen).toBe(false);
    await nextTurn();
    expect(turns.isOpen).toBe(true);
    // What was spent in one turn counts in none that follows.
    turns.spend(0.9);
    expect(turns.isOpen).toBe(true);
  });

  it("calls back after a turn that was spent, not after others", async () => {
    const turns = createTurnBudget(1);
    let calls = 0;
    turns.onOpen(() => (calls += 1));
    turns.spend(0.9);
    await nextTurn();
    expect(calls).toBe(0);
    turns.spend(1);
    await nextTurn();
    expect(calls).toBe(1);
  });
});

describe("a run queue with turns", () => {
  /** Runs jobs that spend as many milliseconds as their number says; gives the turn in which each ran. */
  async function turnsOf(costs: readonly number[]): Promise<readonly number[]> {
    const turns = createTurnBudget(1);
    const queue = createRunQueue({ gate: turns });
    let turn = 0;
    const count = (): void => {
      turn += 1;
      if (turn < 10) setImmediate(count);
    };
    setImmediate(count);
    return Promise.all(
      costs.map((ms) =>
        queue.run(async () => {
          turns.spend(ms);
          return turn;
        }),
      ),
    );
  }

  it("lets short jobs share a turn until its budget is spent, and goes on in the next one", async () => {
    expect(await turnsOf([0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4])).toEqual([0, 0, 0, 1, 1, 1, 2]);
  });

  it("leaves a turn to each job that is longer than a turn's budget", async () => {
    expect(await turnsOf([5, 5, 5])).toEqual([0, 1, 2]);
  });

  it("drops a job at once when its signal aborts while it waits for a turn", async () => {
    const turns = createTurnBudget(1);
    const queue = createRunQueue({ gate: turns });
    const controller = new AbortController();
    turns.spend(1);
    const waiting = queue.run(async () => "never", { signal: controller.signal });
    const kept = queue.run(async () => "kept");
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await kept).toBe("kept");
  });
});
