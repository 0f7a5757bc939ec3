import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { runBacklog } from "./run-backlog.ts";
import { createRunQueue } from "./run-queue.ts";

it("knows the runs that wait in any queue, not those that have begun, and tells when none waits any more", async () => {
  let idle = 0;
  runBacklog.onIdle(() => (idle += 1));
  const gate = Promise.withResolvers<void>();
  const gone = new AbortController();
  const [one, other] = [createRunQueue(), createRunQueue()];
  const runs = [one.run(() => gate.promise), one.run(() => gate.promise), other.run(() => gate.promise)];
  const aborted = one.run(() => gate.promise, { signal: gone.signal }).catch(() => "aborted");
  expect(runBacklog.waitingRuns).toBe(2);
  gone.abort();
  expect(await aborted).toBe("aborted");
  expect(runBacklog.waitingRuns).toBe(1);
  await nextTurn();
  expect(idle).toBe(0);
  gate.resolve();
  await Promise.all(runs);
  expect(runBacklog.waitingRuns).toBe(0);
  await nextTurn();
  expect(idle).toBe(1);
});

it("follows how long runs take", () => {
  runBacklog.ran(100);
  expect(runBacklog.runMs).toBe(100);
  runBacklog.ran(200);
  expect(runBacklog.runMs).toBeCloseTo(110);
});
