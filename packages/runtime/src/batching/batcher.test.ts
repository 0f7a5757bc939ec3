import { setImmediate as settled } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Canceller } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import type { IoSpec } from "../io/types.ts";
import { createTensor, type TensorOf } from "../tensor/tensor.ts";
import { type Batcher, createBatcher } from "./batcher.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.fixture.ts";
import { rowAxisOf } from "./row-axis.ts";

type Floats = TensorOf<"float32">;

const ROWS: IoSpec = { kind: "tensor", dtype: "float32", shape: [null, null] };
const LIST: IoSpec = { kind: "json", schema: { type: "array" } };

/** A batch that was begun, as its method sees it. */
interface Run {
  readonly values: readonly unknown[];
  readonly contexts: readonly string[];
  readonly signal: { readonly aborted: boolean; readonly reason: unknown };
  readonly result: PromiseWithResolvers<unknown>;
}

interface Bench {
  readonly clock: FakeClock;
  readonly runs: Run[];
  readonly flushes: string[];
  readonly started: string[];
  readonly batcher: Batcher<string>;
  /** Full batches that wait, as the backlog was told. */
  backlog(): number;
  submit(
    value: unknown,
    options?: { readonly name?: string; readonly caller?: Canceller; readonly timeLeftMs?: number },
  ): Promise<unknown>;
}

/** A batcher whose runs end when the test says so. */
function bench({
  maxSize = 4,
  maxLatencyMs = 10,
  input = ROWS,
  output = ROWS,
  measured = NOTHING,
  run = later,
} = {}): Bench {
  const clock = createFakeClock();
  const runs: Run[] = [];
  const flushes: string[] = [];
  const started: string[] = [];
  let waiting = 0;
  const batcher = createBatcher<string>({
    api: "score",
    policy: { maxSize, maxLatencyMs },
    input: rowAxisOf(input),
    output: rowAxisOf(output),
    run: (values, contexts, signal) => {
      const result = Promise.withResolvers<unknown>();
      runs.push({ values, contexts, signal, result });
      return run(values) ?? result.promise;
    },
    clock,
    observer: { flushed: (rows, reason) => flushes.push(`${rows} ${reason}`), waited: () => undefined },
    backlog: { joined: () => (waiting += 1), left: () => (waiting -= 1) },
    measured,
  });
  const submit: Bench["submit"] = (value, { name = "", caller = new Canceller(), timeLeftMs = 60_000 } = {}) => {
    const settling = batcher.submit({
      value,
      context: name,
      cancellation: caller,
      timeLeftMs,
      onStart: () => started.push(name),
    });
    // What a test does not wait for may fail.
    settling.catch(() => undefined);
    return settling;
  };
  return { clock, runs, flushes, started, batcher, submit, backlog: () => waiting };
}

/** A method that answers when the test says so. */
const later: (values: readonly unknown[]) => readonly unknown[] | undefined = () => undefined;

/** Nothing is known of the model: nobody is waited for. */
const NOTHING: readonly { rows: number; ms: number }[] = [];

/** Of a model that a batch costs 100 ms, whatever its size: waiting pays. */
const FIXED_COST = [
  { rows: 1, ms: 100 },
  { rows: 64, ms: 100 },
];

/** A tensor [rows, width] of one number. */
function rows(count: number, value: number, width = 1): Floats {
  return createTensor("float32", [count, width], new Float32Array(count * width).fill(value));
}

/** Two calls a millisecond apart, each run for itself in 100 ms, so that a batcher expects a third. */
async function twoCalls({ submit, clock, runs }: Bench): Promise<void> {
  void submit(rows(1, 0));
  await clock.advance(1);
  void submit(rows(1, 0));
  for (const run of [0, 1]) {
    await clock.advance(run === 0 ? 99 : 101);
    runs[run]?.result.resolve(runs[run].values);
    await clock.advance(0);
  }
  expect(runs).toHaveLength(2);
}

describe("a batcher", () => {
  it("runs what one turn of the event loop has brought together", async () => {
    const { clock, runs, flushes, submit } = bench();
    const answers = [1, 2, 3].map((value) => submit(rows(1, value), { name: `call ${value}` }));
    expect(runs).toEqual([]);
    await clock.advance(0);
    expect(runs.map(({ contexts }) => contexts)).toEqual([["call 1", "call 2", "call 3"]]);
    expect(flushes).toEqual(["3 idle"]);
    runs[0]?.result.resolve(["a", "b", "c"]);
    expect(await Promise.all(answers)).toEqual(["a", "b", "c"]);
  });

  it("begins a full batch at once and runs one at a time", async () => {
    const { clock, runs, flushes, submit } = bench({ maxSize: 2 });
    const answers = [1, 2, 3, 4, 5].map((value) => submit(rows(1, value)));
    expect(runs).toHaveLength(1);
    await clock.advance(1000);
    expect(runs).toHaveLength(1);
    runs[0]?.result.resolve([1, 2]);
    await clock.advance(0);
    expect(runs).toHaveLength(2);
    runs[1]?.result.resolve([3, 4]);
    await clock.advance(0);
    runs[2]?.result.resolve([5]);
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5]);
    expect(flushes).toEqual(["2 size", "2 size", "1 delay"]);
  });

  it("waits for a further call where that pays, and never past maxLatencyMs", async () => {
    const test = bench({ measured: FIXED_COST });
    const { clock, runs, flushes, submit } = test;
    await twoCalls(test);
    void submit(rows(1, 1));
    await clock.advance(9);
    expect(runs).toHaveLength(2);
    await clock.advance(1);
    expect(runs).toHaveLength(3);
    expect(flushes.at(-1)).toBe("1 delay");
  });

  it("begins before the first deadline would be missed", async () => {
    const test = bench({ maxLatencyMs: 1000, measured: FIXED_COST });
    const { clock, runs, flushes, submit } = test;
    await twoCalls(test);
    // A batch takes 100 ms and is given a quarter more: it begins 125 ms before the deadline.
    void submit(rows(1, 1), { timeLeftMs: 160 });
    await clock.advance(34);
    expect(runs).toHaveLength(2);
    await clock.advance(1);
    expect(runs).toHaveLength(3);
    expect(flushes.at(-1)).toBe("1 deadline");
  });

  it("runs calls of other shapes for themselves", async () => {
    const { clock, runs, submit } = bench({ maxSize: 8 });
    const answers = [rows(1, 1, 2), rows(1, 2, 3), rows(2, 3, 2)].map((value) => submit(value));
    await clock.advance(0);
    expect(runs.map(({ values }) => values.length)).toEqual([2]);
    runs[0]?.result.resolve(["first", "third"]);
    await clock.advance(0);
    runs[1]?.result.resolve(["second"]);
    expect(await Promise.all(answers)).toEqual(["first", "second", "third"]);
  });

  it("takes maxSize 1, calls without rows and calls of more rows than maxSize", async () => {
    const { clock, runs, submit } = bench({ maxSize: 1, output: LIST });
    const answers = [submit(rows(0, 0)), submit(rows(3, 1)), submit(rows(1, 2))];
    for (let run = 0; run < 5; run += 1) {
      await clock.advance(0);
      const [value] = runs[run]?.values ?? [];
      runs[run]?.result.resolve([Array.from((value as Floats).data)]);
    }
    expect(await Promise.all(answers)).toEqual([[], [1, 1, 1], [2]]);
  });
});

describe("a batcher whose method waits for nothing", () => {
  it("begins one batch in a turn of the event loop, so that deadlines pass and others are answered", async () => {
    const { runs, submit, clock } = bench({ maxSize: 1, run: (values) => values });
    void submit(rows(3, 1));
    await settled();
    expect(runs).toHaveLength(1);
    await clock.advance(0);
    expect(runs).toHaveLength(3);
  });
});

describe("what waits before a batcher", () => {
  it("is told as full batches of calls that have not begun, of a large call as one", async () => {
    const { clock, runs, submit, backlog } = bench({ maxSize: 2 });
    void submit(rows(1, 0));
    await clock.advance(0);
    expect(backlog()).toBe(0);
    void submit(rows(1, 1));
    expect(backlog()).toBe(0);
    void submit(rows(1, 2));
    expect(backlog()).toBe(1);
    const caller = new Canceller();
    void submit(rows(99, 3), { caller });
    expect(backlog()).toBe(2);
    caller.abort(new ServingError("CANCELLED", "the caller went away"));
    expect(backlog()).toBe(1);
    runs[0]?.result.resolve([0]);
    await clock.advance(0);
    expect(backlog()).toBe(0);
  });
});

describe("a call of more rows than maxSize", () => {
  it("is answered as one, in the order of its rows", async () => {
    const { clock, runs, flushes, submit, started } = bench({ maxSize: 4 });
    const value = createTensor("float32", [10, 1], Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    const whole = submit(value, { name: "large" });
    const small = submit(rows(1, 50));
    for (let run = 0; run < 3; run += 1) {
      runs[run]?.result.resolve(
        runs[run]?.values.map((part) =>
          createTensor(
            "float32",
            (part as Floats).shape,
            (part as Floats).data.map((x) => x + 1),
          ),
        ),
      );
      await clock.advance(0);
    }
    expect(flushes).toEqual(["4 size", "4 size", "3 idle"]);
    expect(await whole).toEqual(createTensor("float32", [10, 1], Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])));
    expect(await small).toEqual(rows(1, 51));
    expect(started).toEqual(["large", ""]);
  });

  it("takes turns with the others between its parts", async () => {
    const { clock, runs, submit } = bench({ maxSize: 2 });
    const large = submit(rows(8, 1));
    const other = submit(rows(4, 2));
    for (let run = 0; run < 6; run += 1) {
      runs[run]?.result.resolve(runs[run]?.values);
      await clock.advance(0);
    }
    expect(runs.map(({ values }) => (values[0] as Floats).data[0])).toEqual([1, 1, 2, 1, 2, 1]);
    expect(await large).toEqual(rows(8, 1));
    expect(await other).toEqual(rows(4, 2));
  });

  it("goes in one piece where its answer could not be joined", async () => {
    const { clock, runs, submit } = bench({ output: { kind: "json", schema: { type: "object" } } });
    const whole = submit(rows(10, 1));
    await clock.advance(0);
    expect(runs.map(({ values }) => values.map((value) => (value as Floats).shape))).toEqual([[[10, 1]]]);
    runs[0]?.result.resolve([{ sum: 10 }]);
    expect(await whole).toEqual({ sum: 10 });
  });

  it("fails when a part fails, and its other parts leave the queue", async () => {
    const { clock, runs, submit } = bench({ maxSize: 2 });
    const whole = submit(rows(6, 1));
    await clock.advance(0);
    runs[0]?.result.resolve([new ServingError("INVALID_ARGUMENT", "no such rows")]);
    await expect(whole).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: "no such rows" });
    await clock.advance(1000);
    expect(runs).toHaveLength(1);
  });

  it("is INTERNAL when its parts are not answered row by row", async () => {
    const { clock, runs, submit } = bench({ maxSize: 2, output: LIST });
    const whole = submit(rows(3, 1));
    await clock.advance(0);
    runs[0]?.result.resolve([[0.5]]);
    await clock.advance(0);
    runs[1]?.result.resolve([[0.5]]);
    await expect(whole).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("its parts of 2, 1 rows were answered with 1, 1"),
    });
  });
});

describe("a caller who leaves", () => {
  const gone = new ServingError("CANCELLED", "the caller went away");

  it("is out of the queue at once and never run", async () => {
    const { clock, runs, submit } = bench();
    const caller = new Canceller();
    void submit(rows(1, 1), { name: "stays" });
    const left = submit(rows(1, 2), { name: "leaves", caller });
    caller.abort(gone);
    await expect(left).rejects.toBe(gone);
    await clock.advance(0);
    expect(runs.map(({ contexts }) => contexts)).toEqual([["stays"]]);
  });

  it("keeps nobody waiting where nobody else is there", async () => {
    const { clock, runs, submit } = bench();
    const caller = new Canceller();
    const left = submit(rows(9, 1), { caller });
    runs[0]?.result.resolve([rows(4, 1)]);
    await clock.advance(0);
    caller.abort(gone);
    runs[1]?.result.resolve([rows(4, 1)]);
    await expect(left).rejects.toBe(gone);
    await clock.advance(1000);
    expect(runs).toHaveLength(2);
  });

  it("leaves the next batch its turn once all callers of the one that runs have gone, as of a method that never ends", async () => {
    const { clock, runs, submit } = bench();
    const caller = new Canceller();
    const left = submit(rows(1, 1), { caller });
    await clock.advance(0);
    const next = submit(rows(1, 2));
    await clock.advance(1000);
    expect(runs).toHaveLength(1);
    caller.abort(gone);
    await clock.advance(0);
    runs[1]?.result.resolve(["two"]);
    expect(await next).toBe("two");
    // What ends late makes no room a second time: one batch runs at once.
    void submit(rows(1, 3));
    await clock.advance(0);
    runs[0]?.result.resolve(["one"]);
    await expect(left).rejects.toBe(gone);
    void submit(rows(1, 4));
    await clock.advance(1000);
    expect(runs).toHaveLength(3);
  });

  it("is settled when its batch has ended, and the batch is told once all its callers have gone", async () => {
    const { clock, runs, submit } = bench();
    const callers = [new Canceller(), new Canceller()];
    let hasSettled = 0;
    const calls = callers.map((caller) => submit(rows(1, 1), { caller }));
    for (const call of calls) call.catch(() => (hasSettled += 1));
    await clock.advance(0);
    callers[0]?.abort(gone);
    await settled();
    expect(runs[0]?.signal.aborted).toBe(false);
    callers[1]?.abort(gone);
    await settled();
    expect(runs[0]?.signal).toMatchObject({ aborted: true, reason: gone });
    expect(hasSettled).toBe(0);
    runs[0]?.result.resolve([1, 2]);
    await settled();
    expect(hasSettled).toBe(2);
  });

  it("does not take the others' answers with it", async () => {
    const { clock, runs, submit } = bench();
    const caller = new Canceller();
    const left = submit(rows(1, 1), { caller });
    const stays = submit(rows(1, 2));
    await clock.advance(0);
    caller.abort(gone);
    runs[0]?.result.resolve(["one", "two"]);
    await expect(left).rejects.toBe(gone);
    expect(await stays).toBe("two");
  });
});

describe("a method that does not keep to the rules", () => {
  it.each([
    [["one"], "1 outputs"],
    [["one", "two", "three"], "3 outputs"],
    ["one", "no list but string"],
    [null, "no list but null"],
  ])("fails its batch with INTERNAL for %j", async (outputs, got) => {
    const { clock, runs, submit } = bench();
    const answers = [submit(rows(1, 1)), submit(rows(1, 2))];
    await clock.advance(0);
    runs[0]?.result.resolve(outputs);
    for (const answer of answers) {
      await expect(answer).rejects.toMatchObject({
        code: "INTERNAL",
        message: `API "score" is batched: its method got 2 inputs and gave ${got}; give one for each input, in the same order`,
      });
    }
    expect(runs).toHaveLength(1);
  });

  it("has any Error in an output's place fail that call alone, as of Promise.allSettled", async () => {
    const { clock, runs, submit } = bench();
    const answers = [submit(rows(1, 1)), submit(rows(1, 2))];
    await clock.advance(0);
    const bad = new RangeError("bad");
    runs[0]?.result.resolve([bad, "two"]);
    await expect(answers[0]).rejects.toBe(bad);
    expect(await answers[1]).toBe("two");
  });

  it("has what it throws reach the one item that is at fault, after runs in halves", async () => {
    const { clock, runs, flushes, submit } = bench();
    const answers = [1, 2, 3].map((value) => submit(rows(1, value)));
    await clock.advance(0);
    const bad = new Error("bad");
    // 1, 2 and 3; then 1 and 2; then 3.
    runs[0]?.result.reject(bad);
    await settled();
    runs[1]?.result.resolve(["a", "b"]);
    await settled();
    runs[2]?.result.reject(bad);
    expect(await Promise.allSettled(answers)).toEqual([
      { status: "fulfilled", value: "a" },
      { status: "fulfilled", value: "b" },
      { status: "rejected", reason: bad },
    ]);
    expect(flushes).toEqual(["3 idle", "2 rerun", "1 rerun"]);
  });
});
