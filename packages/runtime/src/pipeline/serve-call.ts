import type { RawCall } from "../call/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import { openScope } from "./call-scope.ts";
import { predict } from "./predict.ts";
import { readInput, timeoutMsOf } from "./read-input.ts";
import type { CallRecord, Stages } from "./stages.ts";

/**
 * Answers one call of any protocol: who calls → may they → is there room → read → predict → answer, and a record of it in every case.
 *
 * The order is the security order: no byte of the body is read before the caller was authorised. Never rejects.
 */
export async function serveCall<R>(call: RawCall<R>, stages: Stages): Promise<R> {
  let record: CallRecord | undefined;
  let error: ServingError | undefined;
  try {
    record = stages.recorder.open(call);
    return await answer(call, stages, record);
  } catch (thrown) {
    error = toServingError(thrown);
    return call.encodeError(error);
  } finally {
    record?.close(error);
  }
}

async function answer<R>(call: RawCall<R>, stages: Stages, record: CallRecord): Promise<R> {
  const principal = await stages.authenticate(call);
  record.principal = principal;
  const target = await call.target();
  record.aim(target);
  await stages.authorize(principal, target);
  const as = call.wants();
  const timeoutMs = timeoutMsOf(call, target.api.timeoutMs, stages);
  // From here on nothing may throw before the try: whoever enters must leave.
  const visit = stages.admission.enter(call.announcedBytes ?? 0);
  const scope = openScope(call.signal, timeoutMs);
  // The slot stays taken until the author's work has really stopped, also when the caller was answered before.
  let work: Promise<unknown> | undefined;
  try {
    const input = await readInput(call, scope, visit);
    await visit.takeSlot(scope.cancellation);
    const running = predict({ call, principal, target, input, as, scope, stages, record });
    work = running;
    const { output, extra } = await scope.race(running);
    const reply = call.encode(output, extra);
    return reply instanceof Promise ? await reply : reply;
  } finally {
    scope.close();
    if (work === undefined) visit.leave();
    else void work.catch(ignoreAnswered).finally(() => visit.leave());
    await call.dispose();
  }
}

/** The call was answered by its own promise already: what is left of the work has nobody to tell. */
function ignoreAnswered(): void {}
