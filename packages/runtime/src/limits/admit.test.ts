import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAdmission } from "./admit.ts";

const signal = new AbortController().signal;
const roomy = { concurrency: 1, queueRows: 1, queueBytes: 100 };

describe("createAdmission", () => {
  it("lets one call run, one wait, and refuses the third with UNAVAILABLE and a Retry-After of at least a second", async () => {
    const admission = createAdmission(roomy, () => 0);
    const first = admission.enter(0);
    await first.takeSlot(signal);
    const second = admission.enter(0);
    const waiting = second.takeSlot(signal);
    expect(() => admission.enter(0)).toThrow(expect.objectContaining({ code: "UNAVAILABLE", retryAfterSeconds: 1 }));
    first.leave();
    await waiting;
    expect(admission).toMatchObject({ running: 1, waiting: 0 });
  });

  it("serves those who wait in the order in which they came", async () => {
    const admission = createAdmission({ ...roomy, queueRows: 3 }, () => 0);
    const order: number[] = [];
    const visits = [0, 1, 2].map(() => admission.enter(0));
    const served = visits.map(async (visit, index) => {
      await visit.takeSlot(signal);
      order.push(index);
      visit.leave();
    });
    await Promise.all(served);
    expect(order).toEqual([0, 1, 2]);
  });

  it("drops a call that was aborted while queued and throws the signal's reason", async () => {
    const admission = createAdmission(roomy, () => 0);
    await admission.enter(0).takeSlot(signal);
    const controller = new AbortController();
    const second = admission.enter(0);
    const waiting = second.takeSlot(controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    second.leave();
    expect(admission).toMatchObject({ running: 1, waiting: 0 });
  });

  it("refuses a body whose announced bytes do not fit beside those already held", () => {
    const admission = createAdmission({ concurrency: 1, queueRows: 10, queueBytes: 100 }, () => 0);
    const first = admission.enter(60);
    expect(() => admission.enter(41)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
    const second = admission.enter(30);
    expect(() => second.hold(41)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
    second.leave();
    first.leave();
    expect(() => admission.enter(100)).not.toThrow();
  });

  it("refuses a body that would not fit into an empty house with PAYLOAD_TOO_LARGE: trying again is no use", () => {
    const admission = createAdmission({ concurrency: 1, queueRows: 10, queueBytes: 100 }, () => 0);
    const tooLarge = expect.objectContaining({
      code: "PAYLOAD_TOO_LARGE",
      message: expect.stringContaining("server.limits.queueBytes"),
    });
    expect(() => admission.enter(101)).toThrow(tooLarge);
    expect(() => admission.enter(0).hold(101)).toThrow(tooLarge);
  });

  it("says the seconds that the queue needs at the pace of the last releases", async () => {
    let now = 0;
    const admission = createAdmission({ concurrency: 1, queueRows: 4, queueBytes: 0 }, () => now);
    for (let run = 0; run < 200; run += 1) {
      const visit = admission.enter(0);
      await visit.takeSlot(signal);
      now += 3_000;
      visit.leave();
    }
    await admission.enter(0).takeSlot(signal);
    for (let waiting = 0; waiting < 4; waiting += 1) admission.enter(0);
    // Four calls wait and a slot comes free each 3 s.
    expect(() => admission.enter(0)).toThrow(expect.objectContaining({ retryAfterSeconds: 12 }));
  });

  it("refuses new calls once closed, and is idle when the last one has left", async () => {
    const admission = createAdmission(roomy, () => 0);
    const visit = admission.enter(0);
    admission.close();
    expect(() => admission.enter(0)).toThrow(
      expect.objectContaining({ code: "UNAVAILABLE", message: "the server is shutting down" }),
    );
    const idle = admission.idle();
    visit.leave();
    visit.leave();
    await idle;
    expect(admission).toMatchObject({ running: 0, waiting: 0 });
  });

  it("never runs more than its slots nor holds more than its bytes, whatever the order of moves", async () => {
    const move = fc.record({
      kind: fc.constantFrom("enter", "slot", "leave", "hold"),
      at: fc.nat(9),
      bytes: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 60 }), async (moves) => {
        const admission = createAdmission({ concurrency: 2, queueRows: 3, queueBytes: 100 }, () => 0);
        const visits: ReturnType<typeof admission.enter>[] = [];
        for (const { kind, at, bytes } of moves) {
          const visit = visits[at % Math.max(1, visits.length)];
          try {
            if (kind === "enter") visits.push(admission.enter(bytes));
            else if (kind === "slot") void Promise.resolve(visit?.takeSlot(signal)).catch(() => undefined);
            else if (kind === "hold") visit?.hold(bytes);
            else visit?.leave();
          } catch {
            // A refusal is one of the legal answers.
          }
          expect(admission.running).toBeLessThanOrEqual(2);
        }
        for (const visit of visits) visit.leave();
        await admission.idle();
        expect(admission).toMatchObject({ running: 0, waiting: 0, heldBytes: 0 });
      }),
    );
  });
});

describe("the queue's observer", () => {
  it("is told of each change of the queue and of the seconds that a call waited in it", async () => {
    let nowMs = 0;
    const seen: string[] = [];
    const observer = {
      setRows: (rows: number) => void seen.push(`rows ${rows}`),
      observeWait: (seconds: number) => void seen.push(`waited ${seconds}`),
    };
    const admission = createAdmission({ ...roomy, queueRows: 2 }, () => nowMs, observer);
    const first = admission.enter(0);
    await first.takeSlot(signal);
    const controller = new AbortController();
    const waiting = admission.enter(0).takeSlot(signal);
    const leaving = Promise.resolve(admission.enter(0).takeSlot(controller.signal)).catch(() => "left");
    controller.abort();
    expect(await leaving).toBe("left");
    nowMs = 1_500;
    first.leave();
    await waiting;
    expect(seen).toEqual(["rows 1", "rows 2", "rows 1", "rows 0", "waited 1.5"]);
  });
});
