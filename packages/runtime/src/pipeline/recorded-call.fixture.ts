import type { Principal, RawCall } from "../call/types.ts";
import { Canceller } from "../call/cancellation.ts";
import { defineService } from "../definition/define-service.ts";
import { type ServingError, toServingError } from "../errors.ts";
import type { IoSpec, IoType, Payload } from "../io/types.ts";
import { type Admission, createAdmission } from "../limits/admit.ts";
import { createLogger } from "../telemetry/logger.ts";
import { ANONYMOUS } from "../auth/authenticate.ts";
import { LET_IN } from "../auth/authorize.ts";
import { createOpenCalls } from "./open-calls.ts";
import type { Stages } from "./stages.ts";

/** What a recorded call is answered with. */
export type Reply =
  | { readonly kind: "value"; readonly output: Payload }
  | { readonly kind: "stream"; readonly outputs: AsyncIterable<Payload> }
  | { readonly kind: "error"; readonly code: string; readonly message: string };

export interface RecordedOptions {
  /** The step that throws `refusal`. */
  readonly refuseAt?: string;
  readonly refusal?: ServingError;
  /** Who calls; nobody in particular when left out. */
  readonly principal?: Principal;
  /** The author's method; the input comes back when left out. */
  readonly method?: (value: unknown) => unknown;
  readonly requestTimeoutMs?: number;
}

/** A call and stages that write down every step in order; admission, scope, log and definition are the real ones. */
export interface RecordedCall {
  readonly steps: string[];
  /** Code of each `record.close`, "OK" for a success. */
  readonly closed: string[];
  /** The last phase that had ended and the reason's code, of each `record.cancelled`. */
  readonly cancelled: string[];
  readonly lines: unknown[];
  readonly caller: Canceller;
  readonly admission: Admission;
  readonly call: RawCall<Reply>;
  readonly stages: Stages;
}

const text: IoSpec = { kind: "text", maxLength: null };
const definition = defineService({ name: "echo", apis: [{ name: "say", input: text, output: text }] });

export function recordCall(options: RecordedOptions = {}): RecordedCall {
  const steps: string[] = [];
  const step = (name: string): void => {
    steps.push(name);
    if (name === options.refuseAt) throw options.refusal;
  };
  const closed: string[] = [];
  const phases: string[] = [];
  const cancelled: string[] = [];
  const lines: unknown[] = [];
  const caller = new Canceller();
  const admission = createAdmission({ concurrency: 1, queueRows: 4, queueBytes: 100 }, { now: () => 0 });
  const log = createLogger({
    level: "info",
    format: "json",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const stages: Stages = {
    service: serviceOf(step, options.method ?? ((value) => value)),
    authenticate: () => (step("authenticate"), options.principal ?? ANONYMOUS),
    authorizer: { ...LET_IN, decide: (...asked) => (step("authorize"), LET_IN.decide(...asked)) },
    assertMayReach: () => undefined,
    rates: undefined,
    batchers: new Map(),
    admission: stepwise(admission, step),
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
    openCalls: createOpenCalls(),
    recorder: {
      open: () => {
        step("recorder.open");
        return {
          principal: undefined,
          rule: undefined,
          tags: undefined,
          tap: undefined,
          trace: undefined,
          aim: () => step("aim"),
          passed: (phase) => void phases.push(phase),
          cancelled: (reason) => void cancelled.push(`${phases.at(-1)} ${toServingError(reason).code}`),
          close: (error) => void closed.push(error?.code ?? "OK"),
        };
      },
      openPublic: () => undefined,
    },
    metricsFor: () => ({ counter: ignore, gauge: ignore, histogram: ignore, timer: ignore }),
    logFor: (requestId) => log.child({ requestId }),
  };
  return { steps, closed, cancelled, lines, caller, admission, call: callOf(step, caller), stages };
}

function ignore(): void {}

function callOf(step: (name: string) => void, caller: Canceller): RawCall<Reply> {
  const [api] = definition.apis;
  if (api === undefined) throw new Error("the definition has no API");
  return {
    request: {
      requestId: "r1",
      method: "POST",
      route: "/say",
      peerIp: "127.0.0.1",
      valuesOf: () => [],
      clientIp: "127.0.0.1",
      headers: {},
      signal: caller,
    },
    protocol: "native",
    announcedBytes: 5,
    bytesIn: () => 5,
    bytesOut: () => undefined,
    callerTimeoutMs: () => {
      step("callerTimeoutMs");
      return undefined;
    },
    target: () => (step("target"), { api }),
    wants: () => (step("wants"), "json"),
    decode: async () => (step("decode"), { kind: "json", value: "hello" }),
    encode: (output) => (step("encode"), { kind: "value", output }),
    encodeStream: (outputs) => (step("encode"), { kind: "stream", outputs }),
    encodeError: ({ code, message }) => (step("encodeError"), { kind: "error", code, message }),
    dispose: () => step("dispose"),
  };
}

function serviceOf(step: (name: string) => void, method: (value: unknown) => unknown): Stages["service"] {
  const type: IoType<unknown> = {
    spec: text,
    read: (payload) => (step("read"), payload.kind === "json" ? payload.value : undefined),
    write: (value) => (step("write"), { kind: "json", value }),
  };
  const invoke = (value: unknown): unknown => (step("method"), method(value));
  return {
    definition,
    apis: new Map([["say", { input: type, output: type, invoke }]]),
    hooks: { onInit: async () => undefined, onShutdown: async () => undefined, isReady: async () => true },
  };
}

/** The real admission, with its steps written down. */
function stepwise(admission: Admission, step: (name: string) => void): Admission {
  return {
    close: () => admission.close(),
    idle: () => admission.idle(),
    get running() {
      return admission.running;
    },
    get waiting() {
      return admission.waiting;
    },
    enter: (arrival) => {
      step("enter");
      const visit = admission.enter(arrival);
      return {
        hold: (bytes) => visit.hold(bytes),
        aim: (api) => visit.aim(api),
        takeSlot: (signal, rows) => (step("takeSlot"), visit.takeSlot(signal, rows)),
        rest: () => visit.rest(),
        resume: (signal) => visit.resume(signal),
        onDisplaced: (listener) => visit.onDisplaced(listener),
        leave: () => visit.leave(),
      };
    },
  };
}
