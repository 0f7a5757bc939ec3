import { ROOT_CONTEXT } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import { SpanQueue } from "./span-queue.ts";

type Done = (result: ExportResult) => void;

/** A queue of 4 spans in batches of 2 before a collector that answers when the test says so. */
function setUp() {
  const asked: { readonly spans: readonly ReadableSpan[]; readonly done: Done }[] = [];
  const lines: string[] = [];
  const dropped: string[] = [];
  const say = (line: object | string): void => void lines.push(typeof line === "string" ? line : "");
  const exporter = {
    export: (spans: ReadableSpan[], done: Done) => void asked.push({ spans, done }),
    shutdown: async () => undefined,
  };
  const queue = new SpanQueue(
    exporter,
    { spans: 4, batchSpans: 2, delayMs: 60_000 },
    { log: { info: say, warn: say }, onDropped: (count, reason) => dropped.push(`${count} ${reason}`) },
  );
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer("test");
  const end = (count: number): void => {
    for (let at = 0; at < count; at += 1) tracer.startSpan("call", {}, ROOT_CONTEXT).end();
  };
  /** Answers the oldest batch that waits for it. */
  const answer = async (result: ExportResult): Promise<void> => {
    asked.shift()?.done(result);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { asked, lines, dropped, end, answer, queue };
}

const OK: ExportResult = { code: ExportResultCode.SUCCESS };
const FAILED: ExportResult = { code: ExportResultCode.FAILED, error: new Error("connect ECONNREFUSED") };

describe("the queue of spans", () => {
  it("drops and counts what comes while it is full, those on their way included", async () => {
    const { asked, dropped, end, answer } = setUp();
    end(7);
    expect(asked.map(({ spans }) => spans.length)).toEqual([2]);
    expect(dropped).toEqual(["1 queue", "1 queue", "1 queue"]);
    await answer(OK);
    end(2);
    expect(dropped).toHaveLength(3);
  });

  it("counts what could not be sent, and says so once until it goes again", async () => {
    const { lines, dropped, end, answer } = setUp();
    for (const result of [FAILED, FAILED, OK, FAILED]) {
      end(2);
      await answer(result);
    }
    expect(dropped).toEqual(["2 export", "2 export", "2 export"]);
    expect(lines).toEqual([
      "spans can't be sent and are dropped: connect ECONNREFUSED",
      "spans are sent again",
      "spans can't be sent and are dropped: connect ECONNREFUSED",
    ]);
  });

  it("sends what is left when it is shut down", async () => {
    const { asked, end, answer, queue } = setUp();
    end(1);
    const closed = queue.shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.map(({ spans }) => spans.length)).toEqual([1]);
    await answer(OK);
    await closed;
  });
});
