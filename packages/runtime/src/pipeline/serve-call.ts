import type { RawCall } from "../call/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import { openCall } from "./open-call.ts";
import { payloadRows } from "./payload-rows.ts";
import { predict } from "./predict.ts";
import { readInput } from "./read-input.ts";
import type { CallRecord, Stages } from "./stages.ts";
import { watchOverdue } from "./watch-overdue.ts";

/**
 * Answers one call of any protocol: who calls → may they → is there room → read → predict → answer, and a record of it in every case.
 *
 * The order is the security order: no byte of the body is read before the caller was authorised. Never rejects.
 */
export async function serveCall<R>(call: RawCall<R>, stages: Stages): Promise<R> {
  let record: CallRecord | undefined;
  let reply: R;
  let error: ServingError | undefined;
  try {
    record = stages.recorder.open(call);
    reply = await answer(call, stages, record);
  } catch (thrown) {
    error = toServingError(thrown);
    reply = call.encodeError(error);
  }
  const closing = record?.close(error);
  const refusal = closing instanceof Promise ? await closing : closing;
  return refusal === undefined ? reply : call.encodeError(refusal);
}

async function answer<R>(call: RawCall<R>, stages: Stages, record: CallRecord): Promise<R> {
  const open = await openCall(call, stages, record);
  // Nothing may throw between here and the try: whoever enters must leave.
  const { visit, scope } = open;
  // The slot stays taken until the author's work has really stopped, also when the caller was answered before.
  let work: Promise<unknown> | undefined;
  try {
    const reading = readInput(call, scope, { visit, tap: record.tap });
    const input = reading instanceof Promise ? await reading : reading;
    record.passed("arrival");
    const slot = visit.takeSlot(scope.cancellation, () => payloadRows(input, open.target.api.input));
    if (slot !== undefined) await slot;
    record.passed("queue");
    const running = predict({ ...open, call, input, stages, record });
    work = running;
    const { output, extra } = await scope.race(running);
    const reply = call.encode(output, extra);
    const encoded = reply instanceof Promise ? await reply : reply;
    record.passed("output");
    return encoded;
  } finally {
    if (scope.cancellation.aborted) record.cancelled(scope.cancellation.reason);
    scope.close();
    if (work === undefined) visit.leave();
    else {
      if (scope.cancellation.aborted)
        watchOverdue(work, open.target.api.name, () => stages.logFor(call.request.requestId, record.trace));
      const leave = (): void => visit.leave();
      // The call was answered by its own promise already: what is left of the work has nobody to tell.
      void work.then(leave, leave);
    }
    const disposal = call.dispose();
    if (disposal !== undefined) await disposal;
  }
}
