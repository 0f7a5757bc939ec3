import type { Cancellation } from "../call/cancellation.ts";
import type { RawCall } from "../call/types.ts";
import { ServingError, toServingError } from "../errors.ts";
import type { Payload } from "../io/types.ts";
import type { Visit } from "../limits/admit.ts";
import { type OpenCall, openCall } from "./open-call.ts";
import { payloadRows } from "./payload-rows.ts";
import { predictStream } from "./predict.ts";
import { readInput } from "./read-input.ts";
import type { CallRecord, Closing, Stages } from "./stages.ts";
import { watchOverdue } from "./watch-overdue.ts";

/**
 * Answers one call of a streaming API, in the same order as `serveCall`; the record is closed when the stream ends.
 *
 * Errors before the first value are an ordinary error reply; later ones end the stream in the protocol's way. Never rejects.
 */
export async function serveStream<R>(call: RawCall<R>, stages: Stages): Promise<R> {
  let record: CallRecord | undefined;
  try {
    record = stages.recorder.open(call);
    return await openStream(call, stages, record);
  } catch (thrown) {
    const error = toServingError(thrown);
    return call.encodeError((await record?.close(error)) ?? error);
  }
}

async function openStream<R>(call: RawCall<R>, stages: Stages, record: CallRecord): Promise<R> {
  const open = await openCall(call, stages, record);
  const { visit, scope } = open;
  const stopLooking = endWithPermission(call, stages, open);
  // The slot stays taken until the author's generator has really stopped, also when the caller was answered or gone before.
  let stopped: Promise<void> | undefined;
  let iterator: AsyncIterator<Payload> | undefined;
  const end = async (): Promise<void> => {
    if (scope.cancellation.aborted) record.cancelled(scope.cancellation.reason);
    scope.close();
    stopLooking();
    if (stopped === undefined) visit.leave();
    else {
      if (scope.cancellation.aborted)
        watchOverdue(stopped, open.target.api.name, () => stages.logFor(call.request.requestId, record.trace));
      void stopped.then(() => visit.leave());
    }
    await call.dispose();
  };
  try {
    const input = await readInput(call, scope, { visit, tap: record.tap });
    record.passed("arrival");
    await visit.takeSlot(scope.cancellation, () => payloadRows(input, open.target.api.input));
    record.passed("queue");
    const stream = await predictStream({ ...open, call, input, stages, record });
    const { outputs, extra } = stream;
    stopped = stream.stopped;
    iterator = outputs[Symbol.asyncIterator]();
    // The first value is awaited here: what fails before it is still an ordinary error reply.
    const first = await iterator.next();
    const finish = (error: ServingError | undefined): Closing => {
      void end();
      // Each value is written as it comes: making and writing them, and the caller's taking, are one phase.
      record.passed("infer");
      return record.close(error);
    };
    return call.encodeStream(recordedStream({ first, iterator, visit, signal: scope.cancellation, finish }), extra);
  } catch (thrown) {
    // Nobody will read on: a generator that gave its first value must be told, or it would hold its slot for ever.
    void iterator?.return?.().catch(() => undefined);
    await end();
    throw thrown;
  }
}

/** How often it is asked again, while a stream goes on, who calls and whether they may. Source: security.md A3. */
const PERMISSION_CHECK_MS = 60_000;

/** Ends a stream some time after its caller's credential has ended or was withdrawn, or the rules let them call no longer; gives what stops looking. */
function endWithPermission(
  { request }: RawCall<unknown>,
  { authenticate, authorizer }: Stages,
  { principal: { expiresAtMs = Infinity }, target, scope }: OpenCall,
): () => void {
  const look = async (): Promise<void> => {
    // Known without asking: a caller whose address may try no more, or whose issuer is out, would else go on for ever.
    if (Date.now() >= expiresAtMs)
      return scope.end(new ServingError("UNAUTHENTICATED", "the credential has expired", { reason: "expired" }));
    try {
      const { refusal } = authorizer.decide(await authenticate(request, "call"), target);
      if (refusal !== undefined) throw refusal;
    } catch (thrown) {
      const error = toServingError(thrown);
      // Who can't be asked about now was let in before.
      if (error.code === "UNAUTHENTICATED" || error.code === "PERMISSION_DENIED") scope.end(error);
    }
  };
  const timer = setInterval(() => void look(), PERMISSION_CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** A reader who takes longer to ask for the next value gets it in its turn: reading slowly must hold no slot. */
const READERS_PAUSE_MS = 100;

interface OpenStream {
  readonly first: IteratorResult<Payload>;
  readonly iterator: AsyncIterator<Payload>;
  readonly visit: Pick<Visit, "rest" | "resume">;
  readonly signal: Cancellation;
  /** Called exactly once, however the stream ends: read to its end, failed, abandoned or aborted. Gives the error with which it must end in place of a good end. */
  readonly finish: (error: ServingError | undefined) => Closing;
}

/** The rest of a stream after its first value. No generator: one that was never started would skip its `finally`, and a caller may leave before reading anything. */
function recordedStream({ first, iterator, visit, signal, finish }: OpenStream): AsyncIterable<Payload> {
  let finished = false;
  let aborted: ServingError | undefined;
  let pending: IteratorResult<Payload> | undefined = first;
  let resting: NodeJS.Timeout | undefined;
  const readOn = async (): Promise<IteratorResult<Payload>> => {
    clearTimeout(resting);
    const slot = visit.resume(signal);
    if (slot !== undefined) await slot;
    return iterator.next();
  };
  const end = async (error: ServingError | undefined): Promise<void> => {
    if (finished) return;
    finished = true;
    clearTimeout(resting);
    signal.removeEventListener("abort", abort);
    const refusal = await finish(error);
    if (error === undefined && refusal !== undefined) throw refusal;
  };
  const abort = (): void => {
    aborted = toServingError(signal.reason);
    void iterator.return?.().catch(() => undefined);
    // The caller is gone: nobody is told of a refusal.
    void end(aborted);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });

  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        try {
          const result = pending ?? (await readOn());
          pending = undefined;
          // The values end here, but the stream is not whole: a slow reader must not take it for that.
          if (aborted !== undefined) throw aborted;
          if (result.done === true) await end(undefined);
          // The generator stands still until it is asked again.
          else resting = setTimeout(() => visit.rest(), READERS_PAUSE_MS);
          return result;
        } catch (thrown) {
          const error = toServingError(thrown);
          await end(error);
          throw error;
        }
      },
      return: async () => {
        await iterator.return?.();
        await end(undefined);
        return { done: true, value: undefined };
      },
    }),
  };
}
