import { describe, expect, it } from "vitest";
import type { CallPhase } from "../call/phase.ts";
import { defineService } from "../definition/define-service.ts";
import { ServingError } from "../errors.ts";
import { recordCall } from "../pipeline/recorded-call.fixture.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { createRecorder } from "./recorder.ts";

const rows = { kind: "tensor", dtype: "float32", shape: [null] } as const;
const batch = { maxSize: 8, maxLatencyMs: 10 };
const definition = defineService({
  name: "two",
  apis: [
    { name: "alone", input: rows, output: rows },
    { name: "together", input: rows, output: rows, batch },
  ],
});

/** The series of cancelled calls after one call of an API that has come so far. */
async function cancelledAt(name: string, passed: readonly CallPhase[], reason: unknown): Promise<readonly string[]> {
  const metrics = createMetrics({ processMetrics: false });
  const log = createLogger({ level: "silent", format: "json" });
  const recorder = createRecorder({
    service: definition,
    metrics,
    audit: undefined,
    notes: undefined,
    tracer: undefined,
    log,
    now: () => 0,
  });
  const record = recorder.open(recordCall().call);
  const api = definition.apis.find((one) => one.name === name);
  if (api === undefined) throw new Error(`no API ${name}`);
  record.aim({ api });
  for (const phase of passed) record.passed(phase);
  record.cancelled(reason);
  const lines = (await metrics.text()).split("\n");
  return lines.filter((line) => line.startsWith("bento_calls_cancelled_total{"));
}

const gone = new ServingError("CANCELLED", "the caller went away");

describe("a call that is over before its answer is there", () => {
  it.each<[string, readonly CallPhase[], string]>([
    ["alone", [], "arrival"],
    ["alone", ["arrival"], "queue"],
    ["alone", ["arrival", "queue"], "run"],
    ["alone", ["arrival", "queue", "input"], "run"],
    // Its input is made, its batch has not begun.
    ["together", ["arrival", "queue", "input"], "queue"],
    ["together", ["arrival", "queue", "input", "queue"], "run"],
  ])("is counted by how far it had come: %s after %j was in its %s", async (api, passed, stage) => {
    expect(await cancelledAt(api, passed, gone)).toEqual([
      `bento_calls_cancelled_total{api="${api}",reason="disconnect",stage="${stage}"} 1`,
    ]);
  });

  it.each([
    [new ServingError("DEADLINE_EXCEEDED", "late"), "deadline"],
    [new ServingError("UNAVAILABLE", "shutting down"), "drain"],
    [new ServingError("UNAVAILABLE", "the queue is full", { details: { shed: "displaced" } }), "displaced"],
    [new ServingError("UNAUTHENTICATED", "expired"), "permission"],
    [new Error("a signal of the service's own"), "service"],
  ])("is counted by why: %s is %s", async (reason, label) => {
    expect(await cancelledAt("alone", [], reason)).toEqual([
      `bento_calls_cancelled_total{api="alone",reason="${label}",stage="arrival"} 1`,
    ]);
  });
});
