import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Canceller } from "../call/cancellation.ts";
import { type CallScope, openScope } from "./call-scope.ts";
import { createOpenCalls, type OpenCalls } from "./open-calls.ts";

const REASON = { code: "UNAVAILABLE", message: "the server is shutting down", retryAfterSeconds: 1 };

describe("createOpenCalls", () => {
  let openCalls: OpenCalls;
  beforeEach(() => {
    vi.useFakeTimers();
    openCalls = createOpenCalls();
  });
  afterEach(() => vi.useRealTimers());
  const open = ({ isStream }: { readonly isStream: boolean }): CallScope =>
    openScope(new Canceller(), { timeoutMs: 3_600_000, isStream, openCalls });

  it("ends what is open when a fifth of the time is left, and nothing that has ended before", () => {
    const [call, stream, done] = [open({ isStream: false }), open({ isStream: true }), open({ isStream: false })];
    openCalls.drain(10_000);
    vi.advanceTimersByTime(7_999);
    done.close();
    expect([call.signal.aborted, stream.signal.aborted]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([call.signal.reason, stream.signal.reason]).toMatchObject([REASON, REASON]);
    expect([call.cancellation.aborted, stream.cancellation.aborted]).toEqual([true, true]);
    expect(done.signal.aborted).toBe(false);
  });

  it("keeps no more than five seconds back", () => {
    const call = open({ isStream: false });
    openCalls.drain(60_000);
    vi.advanceTimersByTime(54_999);
    expect(call.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(call.signal.aborted).toBe(true);
  });

  it("ends calls that are opened meanwhile as well", () => {
    openCalls.drain(10_000);
    const late = open({ isStream: false });
    vi.advanceTimersByTime(8_000);
    expect(late.signal.reason).toMatchObject(REASON);
  });

  it("tells streams that are older than the whole time at once, and lets them go on until its end", () => {
    const [oldStream, oldCall] = [open({ isStream: true }), open({ isStream: false })];
    const asked = oldStream.signal;
    vi.advanceTimersByTime(10_001);
    const young = open({ isStream: true });
    openCalls.drain(10_000);
    expect(asked.reason).toMatchObject(REASON);
    expect(oldStream.cancellation.aborted).toBe(false);
    expect([oldCall.signal.aborted, young.signal.aborted]).toEqual([false, false]);
    vi.advanceTimersByTime(8_000);
    expect(oldStream.cancellation.reason).toMatchObject(REASON);
  });

  it("tells a stream that asks for its signal only later, and names the reason of what the signal has made fail", () => {
    const stream = open({ isStream: true });
    vi.advanceTimersByTime(10_001);
    const failure = Object.assign(new Error("The operation was aborted"), { name: "AbortError" });
    expect(stream.causeOf(failure)).toBe(failure);
    openCalls.drain(10_000);
    expect(stream.signal.reason).toMatchObject(REASON);
    expect(stream.causeOf(failure)).toMatchObject(REASON);
    const other = new Error("no");
    expect(stream.causeOf(other)).toBe(other);
  });
});
