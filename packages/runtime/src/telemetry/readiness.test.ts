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
