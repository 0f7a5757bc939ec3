import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createInstruments } from "./instruments.ts";
import { addToBase, sumSnapshots, type WorkerSnapshot } from "./metrics-sum.ts";
import { registrySnapshot, type MetricsSnapshot } from "./metrics-snapshot.ts";

function worker(calls: number): MetricsSnapshot {
  const instruments = createInstruments({ maxSeries: 10 });
  instruments.counter("calls_total", "Calls").series({ api: "a" })?.add(calls);
  instruments.gauge("queue", "Queue", "sum").series({})?.set(calls);
  instruments.gauge("mood", "Mood", "worker").series({})?.set(calls);
  const seconds = instruments.histogram("run_seconds", "Runs", [0.1, 1]).series({});
  for (let call = 0; call < calls; call += 1) seconds?.observe(0.5);
  return instruments.snapshot();
}

async function textOf(parts: readonly WorkerSnapshot[]): Promise<string> {
  return (await sumSnapshots(parts)).text();
}

describe("sumSnapshots", () => {
  it("sums counters, gauges and histograms, and keeps per-worker gauges apart", async () => {
    const text = await textOf([
      { worker: 0, snapshot: worker(2) },
      { worker: 1, snapshot: worker(3) },
    ]);
    expect(text).toContain('calls_total{api="a"} 5\n');
    expect(text).toContain("\nqueue 5\n");
    expect(text).toContain('mood{worker="0"} 2\nmood{worker="1"} 3\n');
    expect(text).toContain(
      'run_seconds_bucket{le="0.1"} 0\nrun_seconds_bucket{le="1"} 5\nrun_seconds_bucket{le="+Inf"} 5\n',
    );
    expect(text).toContain("run_seconds_sum 2.5\nrun_seconds_count 5\n");
  });

  it("writes what prom-client writes for the same numbers", async () => {
    const registry = new Registry();
    new Counter({ name: "calls_total", help: "Calls", labelNames: ["api"], registers: [registry] }).inc(
      { api: "a" },
      2,
    );
    new Gauge({ name: "queue", help: "Queue", registers: [registry] }).set(2);
    const runs = new Histogram({ name: "run_seconds", help: "Runs", buckets: [0.1, 1], registers: [registry] });
    runs.observe(0.5);
    runs.observe(0.5);
    const ours = worker(2).filter((family) => family.name !== "mood");
    expect(await textOf([{ worker: 0, snapshot: ours }])).toBe(await registry.metrics());
    expect(await registrySnapshot(registry)).toMatchObject([
      { name: "calls_total" },
      { name: "queue" },
      { name: "run_seconds" },
    ]);
  });

  it("keeps the first of two metrics that share a name but not a kind", async () => {
    const other = createInstruments({ maxSeries: 10 });
    other.gauge("calls_total", "Calls", "sum").series({})?.set(100);
    const text = await textOf([
      { worker: 0, snapshot: worker(2) },
      { worker: 1, snapshot: other.snapshot() },
    ]);
    expect(text).toContain('calls_total{api="a"} 2\n');
    expect(text).not.toContain("100");
  });
});

describe("addToBase", () => {
  it("keeps counters and histograms of workers that died, not their gauges", async () => {
    const base = await addToBase(await addToBase([], worker(2)), worker(3));
    const text = await textOf([
      { worker: undefined, snapshot: base },
      { worker: 0, snapshot: worker(1) },
    ]);
    expect(text).toContain('calls_total{api="a"} 6\n');
    expect(text).toContain("run_seconds_count 6\n");
    expect(text).toContain("\nqueue 1\n");
    expect(text.match(/^mood/gm)).toHaveLength(1);
  });
});
