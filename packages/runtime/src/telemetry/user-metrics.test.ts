import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { createInstruments } from "./instruments.ts";
import { sumSnapshots } from "./metrics-sum.ts";
import { createUserMetrics, type UserMetrics } from "./user-metrics.ts";

function create(): { user: UserMetrics; text: () => Promise<string> } {
  const own = createInstruments({ maxSeries: 100 });
  const user = createUserMetrics(own);
  const text = async (): Promise<string> =>
    (await sumSnapshots([{ worker: 3, snapshot: [...own.snapshot(), ...user.snapshot()] }])).text();
  return { user, text };
}

describe("createUserMetrics", () => {
  it("shows counters, gauges by worker, histograms and timers in seconds", async () => {
    const { user, text } = create();
    user.counter("rows_total");
    user.counter("rows_total", 4);
    user.gauge("temperature", 21.5, { room: "lab" });
    user.gauge("temperature", 22.5, { room: "lab" });
    user.histogram("score", 0.5);
    user.timer("parse_seconds", 1500);
    const shown = await text();
    expect(shown).toContain("\nrows_total 5\n");
    expect(shown).toContain('\ntemperature{room="lab",worker="3"} 22.5\n');
    expect(shown).toContain("\nscore_sum 0.5\n");
    expect(shown).toContain("\nparse_seconds_sum 1.5\n");
  });

  it.each([
    ["9lives", "expected [a-zA-Z_]"],
    ["a-b", "expected [a-zA-Z_]"],
    ["", "expected [a-zA-Z_]"],
    ["x".repeat(129), "at most 128"],
    ["bento_requests_total", "are taken"],
    ["process_cpu_seconds_total", "are taken"],
    ["__name__", "are taken"],
  ])("refuses the name %j", (name, message) => {
    const { user } = create();
    expect(() => user.counter(name)).toThrow(message);
  });

  it("refuses a name of another kind", () => {
    const { user } = create();
    user.counter("seen");
    expect(() => user.gauge("seen", 1)).toThrow('metric "seen" is a counter, it can\'t be a gauge too');
  });

  it("refuses a name under which a histogram has lines, whichever comes first", async () => {
    const { user, text } = create();
    user.histogram("seen", 1);
    expect(() => user.counter("seen_count")).toThrow('the histogram "seen" has lines of that name');
    user.gauge("size_sum", 1);
    expect(() => user.timer("size", 1)).toThrow('whose lines would be those of "size_sum"');
    user.counter("rows_count");
    user.counter("rows");
    const series = (await text()).split("\n").flatMap((line) => /^([^# ].*) \S+$/.exec(line)?.[1] ?? []);
    expect(new Set(series).size).toBe(series.length);
  });

  it("leaves out values that are no number and label sets past 1000, and counts them", async () => {
    const { user, text } = create();
    user.counter("rows_total", -1);
    user.gauge("temperature", Number.NaN);
    user.histogram("score", Number.POSITIVE_INFINITY);
    for (let index = 0; index < 1010; index += 1) user.counter("by_id_total", 1, { id: String(index) });
    user.counter("long_total", 1, { id: "x".repeat(129) });
    user.counter("odd_total", 1, { le: "1" });
    const shown = await text();
    expect(shown).toContain('bento_user_metrics_dropped_total{reason="value"} 3\n');
    expect(shown).toContain('bento_user_metrics_dropped_total{reason="series"} 10\n');
    expect(shown).toContain('bento_user_metrics_dropped_total{reason="labels"} 2\n');
    expect(shown.match(/^by_id_total\{/gm)).toHaveLength(1000);
  });

  it("keeps at most 200 metrics", async () => {
    const { user, text } = create();
    for (let index = 0; index < 205; index += 1) user.counter(`c${index}_total`);
    const shown = await text();
    expect(shown.match(/^c\d+_total /gm)).toHaveLength(200);
    expect(shown).toContain('bento_user_metrics_dropped_total{reason="metrics"} 5\n');
  });

  it("writes one line a series whatever label values hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ maxLength: 20, unit: "binary" }), { maxLength: 5 }),
        async (values) => {
          const { user, text } = create();
          for (const value of values) user.counter("odd_total", 1, { value });
          const shown = await text();
          expect(shown.split("\n").filter((line) => line.startsWith("odd_total{"))).toHaveLength(values.length);
          // Everything that is neither a comment, an empty line nor this metric would be an injected line.
          const others = shown.split("\n").filter((line) => line !== "" && !/^(# |odd_total\{value=")/.test(line));
          expect(others).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
