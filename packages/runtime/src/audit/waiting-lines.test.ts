import { describe, expect, it } from "vitest";
import { takeEach, type LineTarget } from "./line-target.ts";
import { createWaitingLines } from "./waiting-lines.ts";

/** A target that takes lines while it is open. */
function gate(): LineTarget & { isOpen: boolean; readonly lines: string[] } {
  const target = {
    isOpen: true,
    lines: [] as string[],
    isFailing: false,
    hasRoom: () => true,
    take: (line: Buffer) => target.isOpen && target.lines.push(line.toString()) > 0,
    takeAll: (lines: readonly string[]) => takeEach(target, lines),
    probe: () => undefined,
    reopen: () => undefined,
    close: () => Promise.resolve(),
  };
  return target;
}

describe("lines that wait", () => {
  it("are taken at once where nothing is in the way, else in their order once it is gone", async () => {
    const target = gate();
    const lines = createWaitingLines(target, { now: () => 0, maxWaitMs: 1_000, retryMs: 1 });
    expect(lines.take(Buffer.from("a"))).toBe(true);
    target.isOpen = false;
    const waiting = [lines.take(Buffer.from("b")), lines.take(Buffer.from("c"))];
    target.isOpen = true;
    // A line that comes while others wait must not overtake them.
    waiting.push(lines.take(Buffer.from("d")));
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    expect(target.lines).toEqual(["a", "b", "c", "d"]);
    await lines.settled();
  });

  it("wait for a second and no longer", async () => {
    const target = gate();
    target.isOpen = false;
    let nowMs = 0;
    const lines = createWaitingLines(target, { now: () => nowMs, maxWaitMs: 1_000, retryMs: 1 });
    const first = lines.take(Buffer.from("a"));
    nowMs = 500;
    const second = lines.take(Buffer.from("b"));
    nowMs = 1_000;
    expect(await first).toBe(false);
    target.isOpen = true;
    expect(await second).toBe(true);
    expect(target.lines).toEqual(["b"]);
  });

  it("are bounded: what comes past 16 MiB is lost at once", () => {
    const target = gate();
    target.isOpen = false;
    const lines = createWaitingLines(target, { now: () => 0, maxWaitMs: 1_000, retryMs: 1 });
    void lines.take(Buffer.alloc(16 * 1024 * 1024));
    expect(lines.take(Buffer.from("a"))).toBe(false);
    target.isOpen = true;
  });
});
