import { afterEach, describe, expect, it, vi } from "vitest";
import { ANONYMOUS } from "../auth/authenticate.ts";
import { ServingError } from "../errors.ts";
import type { Payload } from "../io/types.ts";
import { type RecordedOptions, type RecordedCall, recordCall } from "./recorded-call.fixture.ts";
import { serveStream } from "./serve-stream.ts";

afterEach(() => vi.useRealTimers());

const FIRST_VALUE = [
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

async function open(options: RecordedOptions): Promise<RecordedCall & { readonly values: AsyncIterator<Payload> }> {
  const recorded = recordCall(options);
  const reply = await serveStream(recorded.call, recorded.stages);
  if (reply.kind !== "stream") throw new Error(`expected a stream, got ${JSON.stringify(reply)}`);
  return { ...recorded, values: reply.outputs[Symbol.asyncIterator]() };
}

const two = async function* (): AsyncGenerator<unknown> {
  yield 1;
  yield 2;
};

describe("serveStream", () => {
  it("runs the steps in the security order, with the record open and the slot taken until the last value was read", async () => {
    const { values, steps, closed, admission } = await open({ method: two });
    expect(steps).toEqual(FIRST_VALUE);
    expect(await values.next()).toEqual({ done: false, value: { kind: "json", value: 1 } });
    expect(await values.next()).toEqual({ done: false, value: { kind: "json", value: 2 } });
    expect(closed).toEqual([]);
    expect(admission.running).toBe(1);
    expect(await values.next()).toEqual({ done: true, value: undefined });
    await admission.idle();
    expect(steps).toEqual([...FIRST_VALUE, "write", "dispose"]);
    expect(closed).toEqual(["OK"]);
    expect(admission.running).toBe(0);
  });

  it("gives its slot back while its reader asks for no more, and goes on in its turn", async () => {
    vi.useFakeTimers();
    const { values, admission, caller } = await open({ method: two });
    await values.next();
    await vi.advanceTimersByTimeAsync(99);
    expect(admission.running).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(admission.running).toBe(0);
    const other = admission.enter({ caller: "other", announcedBytes: 0, timeoutMs: 1_000 });
    await other.takeSlot(caller, () => 1);
    const second = values.next();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(admission).toMatchObject({ running: 1, waiting: 1 });
    other.leave();
    expect(await second).toEqual({ done: false, value: { kind: "json", value: 2 } });
    expect(await values.next()).toEqual({ done: true, value: undefined });
    await admission.idle();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends when its caller leaves while it has given its slot back", async () => {
    vi.useFakeTimers();
    const { values, admission, caller, closed } = await open({ method: two });
    await values.next();
    await vi.advanceTimersByTimeAsync(100);
    caller.abort(undefined);
    await admission.idle();
    expect(admission).toMatchObject({ running: 0, waiting: 0 });
    expect(closed).toEqual(["CANCELLED"]);
  });

  it("ends the stream with the error of a later value and closes the record with its code", async () => {
    const { values, steps, closed, admission } = await open({
      method: async function* () {
        yield 1;
        throw new ServingError("FAILED_PRECONDITION", "two is too many");
      },
    });
    await values.next();
    await expect(values.next()).rejects.toMatchObject({ code: "FAILED_PRECONDITION", message: "two is too many" });
    await admission.idle();
    expect(closed).toEqual(["FAILED_PRECONDITION"]);
    expect(steps).toEqual([...FIRST_VALUE, "dispose"]);
  });

  it("runs the author's finally and closes the record once when the caller leaves between two values", async () => {
    let finished = 0;
    const { values, steps, closed, admission, caller } = await open({
      method: async function* () {
        try {
          yield 1;
          yield 2;
        } finally {
          finished += 1;
        }
      },
    });
    caller.abort(undefined);
    await admission.idle();
    await expect(values.next()).rejects.toMatchObject({ code: "CANCELLED", message: "the caller went away" });
    expect(finished).toBe(1);
    expect(closed).toEqual(["CANCELLED"]);
    expect(steps).toEqual([...FIRST_VALUE, "dispose"]);
  });

  it("counts a stream that its reader gave up as answered, once", async () => {
    const { values, steps, closed, admission } = await open({ method: two });
    await values.next();
    expect(await values.return?.()).toEqual({ done: true, value: undefined });
    await values.return?.();
    await admission.idle();
    expect(closed).toEqual(["OK"]);
    expect(steps).toEqual([...FIRST_VALUE, "dispose"]);
  });

  it.each([
    ["credential is refused now", "authenticate", new ServingError("UNAUTHENTICATED", "it has expired")],
    ["caller may no longer call", "authorize", new ServingError("PERMISSION_DENIED", "the rules have changed")],
  ])("ends within a minute when the %s", async (_what, step, refusal) => {
    vi.useFakeTimers();
    const options: { -readonly [key in keyof RecordedOptions]: RecordedOptions[key] } = {
      method: two,
      refusal,
      requestTimeoutMs: 600_000,
    };
    const { values, closed } = await open(options);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await values.next()).toMatchObject({ done: false });
    options.refuseAt = step;
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(values.next()).rejects.toBe(refusal);
    expect(closed).toEqual([refusal.code]);
  });

  it("goes on while it can't be asked whether the credential still holds", async () => {
    vi.useFakeTimers();
    const refusal = new ServingError("UNAVAILABLE", "the issuer's keys are too old");
    const options: { -readonly [key in keyof RecordedOptions]: RecordedOptions[key] } = {
      method: two,
      refusal,
      requestTimeoutMs: 600_000,
    };
    const { values, closed } = await open(options);
    options.refuseAt = "authenticate";
    await vi.advanceTimersByTimeAsync(120_000);
    expect([await values.next(), await values.next(), await values.next()].map(({ done }) => done)).toEqual([
      false,
      false,
      true,
    ]);
    expect(closed).toEqual(["OK"]);
  });

  it.each([
    ["the issuer is out", new ServingError("UNAVAILABLE", "the issuer's keys are too old")],
    ["the address may try no more", new ServingError("RESOURCE_EXHAUSTED", "too many tries")],
  ])("ends within a minute when the credential has expired, also while %s", async (_what, refusal) => {
    vi.useFakeTimers();
    const principal = { ...ANONYMOUS, method: "oidc", expiresAtMs: Date.now() + 90_000 } as const;
    const options: { -readonly [key in keyof RecordedOptions]: RecordedOptions[key] } = {
      method: two,
      principal,
      refusal,
      requestTimeoutMs: 600_000,
    };
    const { values, closed } = await open(options);
    options.refuseAt = "authenticate";
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await values.next()).toMatchObject({ done: false });
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(values.next()).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "expired" });
    expect(closed).toEqual(["UNAUTHENTICATED"]);
  });

  it("refuses a method that gives no stream as the service's fault", async () => {
    const { call, stages, closed, admission } = recordCall({ method: () => 1 });
    expect(await serveStream(call, stages)).toEqual({
      kind: "error",
      code: "INTERNAL",
      message: 'API "say" is defined as a stream, its method gave no async iterable',
    });
    expect(closed).toEqual(["INTERNAL"]);
    await admission.idle();
    expect(admission.running).toBe(0);
  });
});
