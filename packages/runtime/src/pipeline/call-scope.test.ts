import { describe, expect, it, vi } from "vitest";
import type { Cancellation } from "../call/cancellation.ts";
import { type CallScope, openScope } from "./call-scope.ts";
import { createOpenCalls } from "./open-calls.ts";

const open = (caller: Cancellation, timeoutMs: number, isStream = false, openCalls = createOpenCalls()): CallScope =>
  openScope(caller, { timeoutMs, isStream, openCalls });

describe("openScope", () => {
  it("rejects the race with DEADLINE_EXCEEDED when the time is over, while the work goes on", async () => {
    vi.useFakeTimers();
    const scope = open(new AbortController().signal, 50);
    const work = Promise.withResolvers<string>();
    const raced = scope.race(work.promise).catch((error: unknown) => error);
    vi.advanceTimersByTime(50);
    expect(await raced).toMatchObject({ code: "DEADLINE_EXCEEDED", message: "the call was not answered within 50 ms" });
    expect(scope.signal.aborted).toBe(true);
    work.resolve("late");
    await expect(work.promise).resolves.toBe("late");
    vi.useRealTimers();
  });

  it("rejects with CANCELLED when the caller goes away", async () => {
    const caller = new AbortController();
    const scope = open(caller.signal, 10_000);
    const raced = scope.race(new Promise(() => undefined)).catch((error: unknown) => error);
    caller.abort();
    expect(await raced).toMatchObject({ code: "CANCELLED" });
    scope.close();
  });

  it("is aborted from the start for a caller that is gone already", async () => {
    const scope = open(AbortSignal.abort(), 10_000);
    await expect(scope.race(Promise.resolve(1))).rejects.toMatchObject({ code: "CANCELLED" });
    scope.close();
  });

  it("settles as the work does and leaves neither timer nor listener behind", async () => {
    const caller = new AbortController();
    const scope = open(caller.signal, 10_000);
    await expect(scope.race(Promise.resolve("done"))).resolves.toBe("done");
    await expect(scope.race(Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    scope.close();
    caller.abort();
    expect(scope.signal.aborted).toBe(false);
  });
});
