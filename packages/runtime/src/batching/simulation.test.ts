import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Canceller } from "../call/cancellation.ts";
import { createTensor, type TensorOf } from "../tensor/tensor.ts";
import { createBatcher } from "./batcher.ts";
import { createFakeClock } from "./fake-clock.fixture.ts";
import { rowAxisOf } from "./row-axis.ts";

/** A model that takes some time for each batch and for each of its rows, and callers who call again as soon as they are answered. */
interface Setting {
  readonly callers: number;
  readonly callsEach: number;
  readonly batchMs: number;
  readonly rowMs: number;
  readonly maxSize: number;
  readonly maxLatencyMs: number;
  /** Rows of each call, and time until a caller who was answered calls again. */
  rowsOf(caller: number): number;
  thinkMs(caller: number): number;
}

interface Report {
  readonly tookMs: number;
  readonly latenciesMs: readonly number[];
  readonly batchRows: readonly number[];
  readonly wrong: number;
}

async function simulate(setting: Setting): Promise<Report> {
  const clock = createFakeClock();
  const batchRows: number[] = [];
  const latenciesMs: number[] = [];
  let wrong = 0;
  const axis = rowAxisOf({ kind: "tensor", dtype: "float32", shape: [null] });
  const batcher = createBatcher<undefined>({
    api: "simulated",
    policy: setting,
    input: axis,
    output: axis,
    run: async (values) => {
      const rows = values.reduce<number>((sum, value) => sum + (value as TensorOf<"float32">).data.length, 0);
      batchRows.push(rows);
      await clock.sleep(setting.batchMs + rows * setting.rowMs);
      return values;
    },
    clock,
    observer: { flushed: () => undefined, waited: () => undefined },
    backlog: { joined: () => undefined, left: () => undefined },
  });
  const call = async (caller: number, left: number): Promise<void> => {
    if (left === 0) return;
    const sentMs = clock.now();
    const value = createTensor(
      "float32",
      [setting.rowsOf(caller)],
      new Float32Array(setting.rowsOf(caller)).fill(caller),
    );
    const answer = await batcher.submit({
      value,
      context: undefined,
      cancellation: new Canceller(),
      timeLeftMs: 60_000,
      onStart: () => undefined,
    });
    latenciesMs.push(clock.now() - sentMs);
    if (String((answer as TensorOf<"float32">).data) !== String(value.data)) wrong += 1;
    await clock.sleep(setting.thinkMs(caller));
    return call(caller, left - 1);
  };
  const callers = Array.from({ length: setting.callers }, (_, caller) => call(caller, setting.callsEach));
  await clock.runOut();
  await Promise.all(callers);
  return { tookMs: clock.now(), latenciesMs: latenciesMs.sort((a, b) => a - b), batchRows, wrong };
}

const setting: Setting = {
  callers: 64,
  callsEach: 20,
  batchMs: 6,
  rowMs: 0.2,
  maxSize: 32,
  maxLatencyMs: 10,
  rowsOf: () => 1,
  thinkMs: () => 1,
};

describe("a simulated service", () => {
  it("answers 64 callers of a model that gains from batches at least ten times as fast as one by one, each within two batches and maxLatencyMs", async () => {
    const { tookMs, latenciesMs, wrong } = await simulate(setting);
    const oneByOneMs = 64 * 20 * 6.2;
    expect(oneByOneMs / tookMs).toBeGreaterThan(10);
    const fullMs = 6 + 32 * 0.2;
    expect(latenciesMs.at(-1)).toBeLessThanOrEqual(10 + 2 * fullMs);
    expect(wrong).toBe(0);
  });

  it("is not slower than one by one for a model that gains nothing", async () => {
    const { tookMs } = await simulate({ ...setting, batchMs: 0, rowMs: 1, callsEach: 5 });
    // 320 calls of 1 ms, and the last pause of the callers.
    expect(tookMs).toBeLessThanOrEqual(64 * 5 + 1);
  });

  it("keeps a single caller waiting for nobody", async () => {
    const { latenciesMs } = await simulate({ ...setting, callers: 1, thinkMs: () => 50 });
    expect(latenciesMs.at(-1)).toBeCloseTo(6.2);
  });

  it("answers every call once with its own rows, in batches of at most maxSize rows, whatever the setting", async () => {
    const arbitrary = fc.record({
      callers: fc.integer({ min: 1, max: 20 }),
      callsEach: fc.integer({ min: 1, max: 4 }),
      batchMs: fc.integer({ min: 0, max: 30 }),
      rowMs: fc.integer({ min: 0, max: 5 }),
      maxSize: fc.integer({ min: 1, max: 12 }),
      maxLatencyMs: fc.integer({ min: 0, max: 30 }),
      rows: fc.array(fc.nat(30), { minLength: 1, maxLength: 20 }),
      thinks: fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ rows, thinks, ...given }) => {
        const { latenciesMs, batchRows, wrong } = await simulate({
          ...given,
          rowsOf: (caller) => rows[caller % rows.length] ?? 1,
          thinkMs: (caller) => thinks[caller % thinks.length] ?? 0,
        });
        expect(latenciesMs).toHaveLength(given.callers * given.callsEach);
        expect(wrong).toBe(0);
        expect(Math.max(0, ...batchRows)).toBeLessThanOrEqual(given.maxSize);
      }),
      { numRuns: 40 },
    );
  });
});
