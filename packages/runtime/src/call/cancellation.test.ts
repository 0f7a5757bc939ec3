import { describe, expect, it } from "vitest";
import { CANCELLATION, cancellationOf, Canceller } from "./cancellation.ts";

describe("Canceller", () => {
  it("tells each listener once, keeps the first reason, and tells none that left", () => {
    const canceller = new Canceller();
    const told: string[] = [];
    const leaver = (): void => void told.push("leaver");
    canceller.addEventListener("abort", () => told.push("first"));
    canceller.addEventListener("abort", leaver);
    canceller.addEventListener("abort", () => told.push("second"));
    canceller.removeEventListener("abort", leaver);
    canceller.abort("reason");
    canceller.abort("other");
    expect(told).toEqual(["first", "second"]);
    expect(canceller).toMatchObject({ aborted: true, reason: "reason" });
  });

  it("lets a listener leave or abort again while the others are told", () => {
    const canceller = new Canceller();
    const told: number[] = [];
    const second = (): void => void told.push(2);
    canceller.addEventListener("abort", () => {
      told.push(1);
      canceller.removeEventListener("abort", second);
      canceller.abort("again");
    });
    canceller.addEventListener("abort", second);
    canceller.abort("once");
    expect(told).toEqual([1, 2]);
  });
});

describe("cancellationOf", () => {
  it("asks for no signal where the cancellation itself is carried", () => {
    const canceller = new Canceller();
    const context = {
      [CANCELLATION]: canceller,
      get signal(): AbortSignal {
        return expect.fail("a signal was made");
      },
    };
    expect(cancellationOf(context)).toBe(canceller);
  });

  it("gives the signal of options that carry nothing else", () => {
    const { signal } = new AbortController();
    expect(cancellationOf({ signal })).toBe(signal);
    expect(cancellationOf({})).toBeUndefined();
  });
});
