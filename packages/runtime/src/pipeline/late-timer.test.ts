import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setTimerLater } from "./late-timer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("setTimerLater", () => {
  it("calls back once after its delay", () => {
    const callback = vi.fn<() => void>();
    setTimerLater(50, callback);
    vi.advanceTimersByTime(49);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(51);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it("sets no timer when it is cancelled in the turn in which it was made", () => {
    const callback = vi.fn<() => void>();
    const timers = [setTimerLater(50, callback), setTimerLater(60, callback)];
    for (const timer of timers) timer.cancel();
    // The end of the turn is all that is waited for.
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersToNextTimer();
    expect(vi.getTimerCount()).toBe(0);
    expect(callback).not.toHaveBeenCalled();
  });

  it("clears its timer when it is cancelled later", () => {
    const callback = vi.fn<() => void>();
    const timer = setTimerLater(50, callback);
    vi.advanceTimersByTime(10);
    expect(vi.getTimerCount()).toBe(1);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(callback).not.toHaveBeenCalled();
  });
});
