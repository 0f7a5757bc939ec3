import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeWith } from "../../../../../test/support/needs.ts";
import { loadTensorFlowC, type TensorFlowC } from "./c-api.ts";
import { tensorFlowEngine } from "./engine.ts";
import { SAVED_MODELS } from "./golden.fixture.ts";
import { requireNativeTensorFlow } from "./native-library.ts";
import { openSession } from "./session.ts";

// Without it each failing run is logged, which alone takes hundreds of megabytes.
tensorFlowEngine.prepare(1);

describeWith("native tensorflow", "a session", () => {
  it("gives back every tensor over 5,000 runs, whether they end well, fail or lack a feed", () => {
    const { tf, open } = counting(loadTensorFlowC(requireNativeTensorFlow(process.env, "the test")));
    const pick = openSession(tf, {
      dir: `${SAVED_MODELS}/kinds`,
      tags: ["serve"],
      inputs: [
        { name: "x", tensor: "pick_x:0", dtype: "float32" },
        { name: "at", tensor: "pick_at:0", dtype: "int64" },
      ],
      outputs: [{ name: "y", tensor: "PartitionedCall_8:0", dtype: "float32" }],
      threads: 1,
    });
    const x = { dtype: "float32", shape: [65_536], data: new Float32Array(65_536) } as const;
    const at = (index: bigint) => ({ dtype: "int64", shape: [1], data: BigInt64Array.of(index) }) as const;
    const tries = [
      () => pick.run({ x, at: at(1n) }),
      () => pick.run({ x, at: at(1n) }),
      () => pick.run({ x, at: at(99_999n) }),
      () => pick.run({ x }),
    ];
    const failures = run(tries, 1000);
    const before = anonymousMiB();
    expect(failures + run(tries, 4000)).toBe(2500);
    expect(open()).toBe(0);
    // A run's feed has 256 KiB: one in twenty that stayed would show.
    expect(anonymousMiB() - before).toBeLessThan(50);
    pick.close();
  });

  it("gives back every tensor of texts, whatever their length", () => {
    const { tf, open } = counting(loadTensorFlowC(requireNativeTensorFlow(process.env, "the test")));
    const echo = openSession(tf, {
      dir: `${SAVED_MODELS}/kinds`,
      tags: ["serve"],
      inputs: [{ name: "x", tensor: "string_x:0", dtype: "string" }],
      outputs: [{ name: "y", tensor: "PartitionedCall_10:0", dtype: "string" }],
      threads: 1,
    });
    for (const length of [0, 1, 21, 22, 23, 24, 1000, 100_000]) {
      const texts = ["ä".repeat(length), "a".repeat(length), "\0".repeat(length)];
      expect(echo.run({ x: { dtype: "string", shape: [3], data: texts } })["y"]?.data).toEqual([...texts, ...texts]);
    }
    expect(open()).toBe(0);
    echo.close();
  });

  it("names the tensor that the graph does not have", () => {
    const tf = loadTensorFlowC(requireNativeTensorFlow(process.env, "the test"));
    const order = { dir: `${SAVED_MODELS}/mlp`, tags: ["serve"], outputs: [], threads: 1 };
    const inputs = [{ name: "x", tensor: "gone:0", dtype: "float32" }] as const;
    expect(() => openSession(tf, { ...order, inputs })).toThrow('"x" stands for "gone:0"');
  });
});

/** Memory that no file is behind: pages of the library come and go. */
function anonymousMiB(): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/** Runs the tries in turn; how many failed. */
function run(tries: readonly (() => unknown)[], times: number): number {
  let failures = 0;
  for (let index = 0; index < times; index++) {
    try {
      tries[index % tries.length]?.();
    } catch {
      failures += 1;
    }
  }
  return failures;
}

/** The real library, and how many tensors were made by it and not deleted. */
function counting(real: TensorFlowC): { readonly tf: TensorFlowC; readonly open: () => number } {
  let count = 0;
  const counted =
    <Args extends unknown[]>(make: (...args: Args) => number) =>
    (...args: Args): number => {
      count += 1;
      return make(...args);
    };
  const tf: TensorFlowC = {
    ...real,
    AllocateTensor: counted(real.AllocateTensor),
    NewTensor: counted(real.NewTensor),
    SessionRun: (...args) => {
      real.SessionRun(...args);
      count += args[6].filter((tensor) => tensor !== 0n).length;
    },
    DeleteTensor: (tensor) => {
      count -= 1;
      real.DeleteTensor(tensor);
    },
  };
  return { tf, open: () => count };
}
