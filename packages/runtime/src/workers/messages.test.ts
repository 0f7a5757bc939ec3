import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSupervisorMessage, parseWorkerMessage, type SupervisorMessage, type WorkerMessage } from "./messages.ts";

const snapshot = [{ name: "a", help: "A", type: "counter", aggregator: "sum", values: [{ labels: {}, value: 1 }] }];

const MODEL = {
  source: "a.onnx",
  place: "thread",
  p95Ms: undefined,
  note: undefined,
  digest: "sha256:ab",
  replacement: "a:2",
  warning: undefined,
} as const;

const FROM_WORKER: readonly WorkerMessage[] = [
  { type: "hello" },
  {
    type: "ready",
    models: [MODEL, { ...MODEL, place: "inline", p95Ms: 1, digest: undefined, tuned: { threads: 2 } }],
  },
  {
    type: "models",
    models: [{ ...MODEL, pool: { threads: 2, longestQueue: 7 } }],
  },
  { type: "failed", code: "INTERNAL", message: "no", stack: undefined },
  { type: "uncaught", reason: "an error outside of any call: no" },
  { type: "hung", reason: "a run of model a.onnx goes on" },
  { type: "connection-ack", id: 7 },
  { type: "connections-closed", ids: [2, 7] },
  { type: "status", ready: false, note: "warming" },
  { type: "metrics", id: undefined, snapshot },
  { type: "totals-request", id: 4, names: ["a", "b"] },
  { type: "metrics-text-request", id: 5 },
  { type: "usage", rssBytes: 1, cpus: 0.5 },
  { type: "drained", problem: undefined },
];

const FROM_SUPERVISOR: readonly SupervisorMessage[] = [
  { type: "start", worker: 1, payload: { any: "thing" }, digests: { "a.onnx": "sha256:ab" }, journal: "/dev/shm/a" },
  { type: "connection", id: 3, listener: "http" },
  { type: "state", state: { phase: "serving", ready: true, workers: [] } },
  { type: "drain", timeoutMs: 5 },
  { type: "metrics-request", id: 0 },
  { type: "totals", id: 4, snapshot },
  { type: "metrics-text", id: 5, text: "# HELP\n" },
  { type: "log-level", level: "debug" },
  { type: "other-cpus", cpus: 1.5 },
];

describe("messages between supervisor and workers", () => {
  it.each(FROM_WORKER)("reads $type from a worker", (message) => {
    expect(parseWorkerMessage(message)).toEqual(message);
    expect(parseSupervisorMessage(message)).toBeUndefined();
  });

  it.each(FROM_SUPERVISOR)("reads $type from the supervisor", (message) => {
    expect(parseSupervisorMessage(message)).toEqual(message);
    expect(parseWorkerMessage(message)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    "ready",
    7,
    [],
    {},
    { type: "READY" },
    { type: "ready", models: "all" },
    { type: "ready", models: [{ source: 1 }] },
    { type: "models", models: [{ source: "a.onnx", place: "thread", pool: { threads: -1, longestQueue: 0 } }] },
    { type: "failed", code: "NO_SUCH_CODE", message: "a" },
    { type: "connection-ack", id: -1 },
    { type: "connection-ack", id: 0.5 },
    { type: "uncaught" },
    { type: "hung", reason: 1 },
    { type: "connections-closed" },
    { type: "connections-closed", ids: [1, "2"] },
    { type: "status", ready: "yes" },
    { type: "metrics", snapshot: [{ name: "a" }] },
    { type: "metrics", snapshot: [{ ...snapshot[0], values: [{ labels: null, value: 1 }] }] },
    { type: "totals-request", id: 1, names: [1] },
    { type: "totals", id: 1, snapshot: {} },
    { type: "metrics-text-request" },
    { type: "metrics-text", id: 1, text: 5 },
    { type: "usage", rssBytes: Number.NaN, cpus: 1 },
    { type: "usage", rssBytes: 1, cpus: -1 },
    { type: "other-cpus", cpus: Infinity },
    { type: "drained", problem: 3 },
    { type: "start", worker: "0", digests: {} },
    { type: "start", worker: 0 },
    { type: "start", worker: 0, digests: {}, journal: 7 },
    { type: "start", worker: 0, digests: { "a.onnx": 1 } },
    { type: "state", state: {} },
  ])("takes no notice of %j", (message) => {
    expect(parseWorkerMessage(message)).toBeUndefined();
    expect(parseSupervisorMessage(message)).toBeUndefined();
  });

  it("never throws for what author's code may send", () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        parseWorkerMessage(message);
        parseSupervisorMessage(message);
      }),
    );
  });
});
