import type { ApiCode } from "../authoring/create-service.ts";
import type { Principal, RawCall, ReplyExtra, Target } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import type { IoType, Payload, PayloadKind } from "../io/types.ts";
import type { CallScope } from "./call-scope.ts";
import { type CallContext, createContext } from "./create-context.ts";
import { rowsOf } from "./rows-of.ts";
import type { CallRecord, Stages } from "./stages.ts";

/** One call that was authorised, admitted and read. */
export interface Prediction {
  readonly call: RawCall<unknown>;
  readonly principal: Principal;
  readonly target: Target;
  readonly input: Payload;
  readonly as: PayloadKind;
  readonly scope: CallScope;
  readonly stages: Stages;
  readonly record: CallRecord;
}

/** Reads the payload into the typed value, calls the author's method and writes its result. */
export async function predict(prediction: Prediction): Promise<{ output: Payload; extra: ReplyExtra }> {
  const { builtIn } = prediction.target;
  if (builtIn !== undefined) return { output: builtIn(prediction.input), extra: NOTHING_MORE };
  const invoking = invoke(prediction);
  const { options, output, result, ctx } = invoking instanceof Promise ? await invoking : invoking;
  const value = await result;
  prediction.record.passed("infer");
  const written = output.write(value, prediction.as, options);
  return { output: written instanceof Promise ? await written : written, extra: ctx.extra() };
}

const NOTHING_MORE: ReplyExtra = { headers: {}, tags: new Map(), metrics: [] };

/** What a method that gives a stream is answered with. */
export interface OutputStream {
  readonly outputs: AsyncIterable<Payload>;
  /** Resolves when the author's generator has ended, which may be long after `outputs` was given up; never rejects. */
  readonly stopped: Promise<void>;
  readonly extra: ReplyExtra;
}

/** The same for a method that gives a stream; each of its values is written as it comes. Whoever takes `outputs` asks it for one value at least. */
export async function predictStream(prediction: Prediction): Promise<OutputStream> {
  const { options, output, result, ctx } = await invoke(prediction);
  const values: unknown = await result;
  if (!isAsyncIterable(values)) {
    throw new ServingError(
      "INTERNAL",
      `API "${prediction.target.api.name}" is defined as a stream, its method gave no async iterable`,
    );
  }
  const stopped = Promise.withResolvers<void>();
  const iterator = values[Symbol.asyncIterator]();
  const outputs = writeEach(iterator, output, prediction, { ...options, onStopped: stopped.resolve });
  return { outputs, stopped: stopped.promise, extra: ctx.extra() };
}

interface Invoked {
  readonly options: { readonly nan: Target["api"]["nan"] };
  readonly output: IoType<unknown>;
  readonly result: unknown;
  readonly ctx: CallContext;
}

/** Gives a promise only where the input has to be waited for. */
function invoke(prediction: Prediction): Invoked | Promise<Invoked> {
  const { target, stages, input } = prediction;
  const code = stages.service.apis.get(target.api.name);
  if (code === undefined) throw new ServingError("INTERNAL", `API "${target.api.name}" has no code`);
  const options = { nan: target.api.nan };
  const read = code.input.read(input, options);
  const goOn = (value: unknown): Invoked | Promise<Invoked> => {
    const charging = chargeRows(value, prediction);
    const start = (): Invoked => invokeWith(value, prediction, code, options);
    return charging instanceof Promise ? charging.then(start) : start();
  };
  return read instanceof Promise ? read.then(goOn) : goOn(read);
}

/** How many rows a call brings is known when its input was read. */
function chargeRows(value: unknown, { stages, principal, target, call }: Prediction): void | Promise<void> {
  if (stages.rates === undefined) return;
  const rows = rowsOf(value, target.api.input);
  return stages.rates.ofRows({ principal, clientIp: call.request.clientIp }, target.api.name, rows);
}

function invokeWith(value: unknown, prediction: Prediction, code: ApiCode, options: Invoked["options"]): Invoked {
  const { scope, record } = prediction;
  // A caller that left while its input was read is not worth the model's time.
  if (scope.cancellation.aborted) throw scope.cancellation.reason;
  record.passed("input");
  const headers: Record<string, string> = {};
  const ctx = createContext(prediction, headers);
  const result =
    code.invokeBatch === undefined ? code.invoke(value, ctx) : submitToBatcher(value, { ...prediction, ctx });
  return { options, output: code.output, result, ctx };
}

/** The call waits for others of its API; that wait belongs to its time in a queue. */
function submitToBatcher(value: unknown, call: Prediction & { readonly ctx: CallContext }): Promise<unknown> {
  const { stages, target, scope, record, ctx } = call;
  const batcher = stages.batchers.get(target.api.name);
  if (batcher === undefined) throw new ServingError("INTERNAL", `API "${target.api.name}" has no batcher`);
  return batcher.submit({
    value,
    context: ctx,
    cancellation: scope.cancellation,
    timeLeftMs: scope.deadline - Date.now(),
    onStart: () => record.passed("queue"),
  });
}

async function* writeEach(
  iterator: AsyncIterator<unknown>,
  output: IoType<unknown>,
  { as, scope }: Prediction,
  { nan, onStopped }: Invoked["options"] & { readonly onStopped: () => void },
): AsyncGenerator<Payload> {
  try {
    while (true) {
      const next = await scope.race(Promise.resolve(iterator.next()));
      if (next.done === true) return;
      yield await output.write(next.value, as, { nan });
    }
  } catch (thrown) {
    throw scope.causeOf(thrown);
  } finally {
    // Ends the author's generator where it stands, so that its own finally blocks run; it may still be computing.
    void stop(iterator).then(onStopped, onStopped);
  }
}

async function stop(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return value !== null && typeof value === "object" && Symbol.asyncIterator in value;
}
