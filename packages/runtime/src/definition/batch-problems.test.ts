import { describe, expect, it } from "vitest";
import type { IoSpec } from "../io/types.ts";
import { type ApiInput, defineService } from "./define-service.ts";

const text: IoSpec = { kind: "text", maxLength: null };
const define = (api: Partial<ApiInput>) =>
  defineService({ name: "batched", apis: [{ name: "score", input: text, output: text, ...api }] });
const batch = { maxSize: 8, maxLatencyMs: 2.5 };

describe("the batching of an API", () => {
  it("stands in its definition, and null where there is none", () => {
    expect(define({ batch }).apis[0]?.batch).toEqual(batch);
    expect(define({}).apis[0]?.batch).toBeNull();
    expect(define({ batch: { maxSize: 1, maxLatencyMs: 0 }, role: "transformInput" }).apis[0]?.batch).toEqual({
      maxSize: 1,
      maxLatencyMs: 0,
    });
  });

  it.each<[Partial<ApiInput>, string]>([
    [
      { batch: { maxSize: 0, maxLatencyMs: 1 } },
      "/apis/score/batch/maxSize: expected a whole number of rows ≥ 1, got 0",
    ],
    [
      { batch: { maxSize: 1.5, maxLatencyMs: 1 } },
      "/apis/score/batch/maxSize: expected a whole number of rows ≥ 1, got 1.5",
    ],
    [{ batch: { maxSize: 8, maxLatencyMs: -1 } }, "/apis/score/batch/maxLatencyMs: expected milliseconds ≥ 0, got -1"],
    [
      { batch: { maxSize: 8, maxLatencyMs: NaN } },
      "/apis/score/batch/maxLatencyMs: expected milliseconds ≥ 0, got NaN",
    ],
    [
      { batch: { ...batch, timeout: 1 } as typeof batch },
      "/apis/score/batch/timeout: unknown option, expected maxSize and maxLatencyMs",
    ],
    [{ batch: true as never }, "/apis/score/batch: expected { maxSize, maxLatencyMs }, got true"],
    [{ batch, stream: true }, "/apis/score/batch: a method that answers with a stream takes one call at a time"],
    [{ batch, role: "route" }, '/apis/score/batch: calls of the role "route" can\'t be joined'],
    [{ batch, role: "aggregate" }, '/apis/score/batch: calls of the role "aggregate" can\'t be joined'],
    [{ batch, role: "feedback" }, '/apis/score/batch: calls of the role "feedback" can\'t be joined'],
  ])("is refused for %j", (api, fault) => {
    expect(() => define(api)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(fault) }),
    );
  });
});
