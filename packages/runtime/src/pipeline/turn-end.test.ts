import { describe, expect, it } from "vitest";
import { atTurnEnd } from "./turn-end.ts";

const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("atTurnEnd", () => {
  it("tells what began in a turn once, at the end of it, in the order of its beginning", async () => {
    const told: string[] = [];
    for (const name of ["first", "second"]) atTurnEnd({ outlast: () => told.push(name) });
    await Promise.resolve();
    expect(told).toEqual([]);
    await turnOver();
    expect(told).toEqual(["first", "second"]);
    await turnOver();
    expect(told).toHaveLength(2);
  });

  it("tells what begins while others are told a turn later", async () => {
    const told: string[] = [];
    atTurnEnd({
      outlast: () => {
        told.push("first");
        atTurnEnd({ outlast: () => told.push("later") });
      },
    });
    await turnOver();
    expect(told).toEqual(["first"]);
    await turnOver();
    expect(told).toEqual(["first", "later"]);
  });
});
