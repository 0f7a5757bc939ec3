import { expect, it } from "vitest";
import { readinessReply, type ServerState } from "./readiness.ts";

it("shows the folders of a model to operators only", () => {
  const model = {
    source: "/srv/models/a.onnx",
    place: "inline",
    p95Ms: undefined,
    note: undefined,
    digest: undefined,
    replacement: undefined,
    warning: undefined,
  };
  const models = [model, { ...model, source: "models/b.onnx" }, { ...model, source: "c:1" }];
  const worker = { id: 0, pid: 1, phase: "ready", restarts: 0, models, note: undefined } as const;
  const state: ServerState = { phase: "serving", ready: true, workers: [worker] };
  const sources = (internals: boolean): unknown => readinessReply(state, { verbose: true, internals }).body;

  expect(sources(true)).toMatchObject({
    workers: [{ models: [{ source: "/srv/models/a.onnx" }, { source: "models/b.onnx" }, { source: "c:1" }] }],
  });
  expect(sources(false)).toMatchObject({
    workers: [{ models: [{ source: "a.onnx" }, { source: "models/b.onnx" }, { source: "c:1" }] }],
  });
});

it("shows how many threads a model has, and the most runs that waited for one", () => {
  const facts = { p95Ms: 90, note: undefined, digest: undefined, replacement: undefined, warning: undefined };
  const slow = { source: "a.onnx", place: "thread", pool: { threads: 2, longestQueue: 7 }, ...facts };
  const fast = { source: "b.onnx", place: "inline", pool: { threads: 0, longestQueue: 1 }, ...facts };
  const worker = { id: 0, pid: 1, phase: "ready", restarts: 0, models: [slow, fast], note: undefined } as const;
  const { body } = readinessReply(
    { phase: "serving", ready: true, workers: [worker] },
    { verbose: true, internals: false },
  );
  expect(body).toMatchObject({
    workers: [
      {
        models: [
          { source: "a.onnx", place: "thread", p95Ms: 90, threads: 2, longestQueue: 7 },
          { source: "b.onnx", place: "inline", p95Ms: 90, threads: 0, longestQueue: 1 },
        ],
      },
    ],
  });
});
