import { afterEach, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import { recordCall } from "./recorded-call.fixture.ts";
import { serveCall } from "./serve-call.ts";
import { serveStream } from "./serve-stream.ts";

const ORDER = [
  "recorder.open",
  "authenticate",
  "target",
  "aim",
  "authorize",
  "wants",
  "callerTimeoutMs",
  "enter",
  "decode",
  "takeSlot",
  "read",
  "method",
  "write",
  "encode",
];

const REFUSALS: readonly [string, ErrorCode][] = [
  ["recorder.open", "UNAVAILABLE"],
  ["authenticate", "UNAUTHENTICATED"],
  ["target", "NOT_FOUND"],
  ["authorize", "PERMISSION_DENIED"],
  ["wants", "NOT_ACCEPTABLE"],
  ["callerTimeoutMs", "INVALID_ARGUMENT"],
  ["enter", "RESOURCE_EXHAUSTED"],
  ["decode", "PAYLOAD_TOO_LARGE"],
  ["takeSlot", "CANCELLED"],
  ["read", "INVALID_ARGUMENT"],
  ["method", "FAILED_PRECONDITION"],
  ["write", "INTERNAL"],
  ["encode", "INTERNAL"],
];

/** The steps up to the one that refuses, then those that every refusal ends with. */
function stepsUntil(refusing: string): readonly string[] {
  // The record of a caller who is not known tells all the same what was called.
  const last = refusing === "authenticate" ? "aim" : refusing;
  const before = ORDER.slice(0, ORDER.indexOf(last) + 1);
  return [...before, ...(before.includes("decode") ? ["dispose"] : []), "encodeError"];
}

const once = async function* (value: unknown): AsyncGenerator<unknown> {
  yield value;
};

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ["serveCall", serveCall, undefined],
  ["serveStream", serveStream, once],
] as const)("%s", (_name, serve, method) => {
  it.each(REFUSALS)("stops at a refusal of %s with %s: no later step runs", async (refuseAt, code) => {
    const refusal = new ServingError(code, `refused at ${refuseAt}`);
    const { call, stages, steps, closed, admission } = recordCall({ refuseAt, refusal, ...(method && { method }) });
    expect(await serve(call, stages)).toEqual({ kind: "error", code, message: `refused at ${refuseAt}` });
    await admission.idle();
    expect(steps).toEqual(stepsUntil(refuseAt));
    expect(closed).toEqual(refuseAt === "recorder.open" ? [] : [code]);
    expect({ running: admission.running, waiting: admission.waiting }).toEqual({ running: 0, waiting: 0 });
  });

  it("touches no body byte while the server drains", async () => {
    const { call, stages, steps, closed, admission } = recordCall(method && { method });
    admission.close();
    expect(await serve(call, stages)).toEqual({
      kind: "error",
      code: "UNAVAILABLE",
      message: "the server is shutting down",
    });
    expect(steps).toEqual(stepsUntil("enter"));
    expect(closed).toEqual(["UNAVAILABLE"]);
  });

  it("never calls the method for a caller that leaves while it waits for a slot", async () => {
    const { call, stages, steps, closed, cancelled, admission, caller } = recordCall(method && { method });
    const other = admission.enter({ caller: "other", announcedBytes: 0, timeoutMs: 1_000 });
    await other.takeSlot(caller, () => 1);
    const reply = serve(call, stages);
    await vi.waitUntil(() => steps.includes("takeSlot"));
    caller.abort(undefined);
    expect(await reply).toEqual({ kind: "error", code: "CANCELLED", message: "the caller went away" });
    expect(steps).toEqual(stepsUntil("takeSlot"));
    expect(closed).toEqual(["CANCELLED"]);
    expect(cancelled).toEqual(["arrival CANCELLED"]);
    expect({ running: admission.running, waiting: admission.waiting }).toEqual({ running: 1, waiting: 0 });
    other.leave();
  });

  it("answers a foreign error as INTERNAL without its text", async () => {
    const { call, stages, closed } = recordCall({
      method: () => {
        throw new Error("secret");
      },
    });
    expect(await serve(call, stages)).toEqual({
      kind: "error",
      code: "INTERNAL",
      message: "the service failed while it handled this call",
    });
    expect(closed).toEqual(["INTERNAL"]);
  });

  it("holds the slot of work that outlives its deadline and logs it once, and once more when it ends", async () => {
    vi.useFakeTimers();
    const work = Promise.withResolvers<void>();
    const hanging = async function* (): AsyncGenerator<unknown> {
      await work.promise;
      yield "late";
    };
    const { call, stages, steps, closed, cancelled, admission, lines } = recordCall({
      requestTimeoutMs: 50,
      method: method === undefined ? () => work.promise : hanging,
    });
    const reply = serve(call, stages);
    await vi.advanceTimersByTimeAsync(50);
    expect(await reply).toEqual({
      kind: "error",
      code: "DEADLINE_EXCEEDED",
      message: "the call was not answered within 50 ms",
    });
    expect(closed).toEqual(["DEADLINE_EXCEEDED"]);
    expect(cancelled).toEqual(["input DEADLINE_EXCEEDED"]);
    expect(steps.filter((step) => step === "dispose")).toHaveLength(1);
    expect(admission.running).toBe(1);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(lines).toEqual([]);
    await vi.advanceTimersByTimeAsync(300_000);
    const warning = {
      level: "warn",
      requestId: "r1",
      api: "say",
      message: "the method still runs 30 s after its call was over, it holds a slot",
    };
    expect(lines).toEqual([expect.objectContaining(warning)]);
    expect(admission.running).toBe(1);
    work.resolve();
    await admission.idle();
    expect(admission.running).toBe(0);
    const ended = { level: "info", requestId: "r1", api: "say", message: expect.stringContaining("has ended") };
    expect(lines).toEqual([expect.objectContaining(warning), expect.objectContaining(ended)]);
    expect(closed).toHaveLength(1);
  });

  it("logs nothing for work that ends soon after its deadline", async () => {
    vi.useFakeTimers();
    const work = Promise.withResolvers<void>();
    const slow = async function* (): AsyncGenerator<unknown> {
      yield* [];
      await work.promise;
    };
    const { call, stages, admission, lines } = recordCall({
      requestTimeoutMs: 50,
      method: method === undefined ? () => work.promise : slow,
    });
    const reply = serve(call, stages);
    await vi.advanceTimersByTimeAsync(50);
    expect(await reply).toMatchObject({ kind: "error", code: "DEADLINE_EXCEEDED" });
    work.reject(new Error("late failure"));
    await admission.idle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("serveCall of a call that goes well", () => {
  it("runs every step once in the security order and gives its slot back", async () => {
    const { call, stages, steps, closed, admission } = recordCall();
    expect(await serveCall(call, stages)).toEqual({ kind: "value", output: { kind: "json", value: "hello" } });
    expect(steps).toEqual([...ORDER, "dispose"]);
    expect(closed).toEqual(["OK"]);
    await admission.idle();
    expect({ running: admission.running, waiting: admission.waiting }).toEqual({ running: 0, waiting: 0 });
  });
});
