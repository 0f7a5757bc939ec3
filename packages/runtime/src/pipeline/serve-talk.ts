import type { RecordedCall } from "../call/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import type { CallRecord, Stages } from "./stages.ts";

/** Questions about the server that come one after the other in one call; it calls no API. */
export interface Talk<R> {
  readonly call: RecordedCall;
  /** Whether callers without credentials may ask. */
  readonly isPublic: boolean;
  /** The answers; nothing is read of the questions before the first is asked for. */
  converse(): AsyncIterable<Uint8Array>;
  encode(answers: AsyncIterable<Uint8Array>): R;
  encodeError(error: ServingError): R;
}

/** Answers questions in the order of `serveInfo`; the record is closed when the answers end. Never rejects. */
export async function serveTalk<R>(talk: Talk<R>, stages: Stages): Promise<R> {
  if (talk.isPublic) {
    const open = stages.recorder.openPublic(talk.call);
    return talk.encode(open === undefined ? talk.converse() : recorded(talk.converse(), open));
  }
  let record: CallRecord | undefined;
  try {
    record = stages.recorder.open(talk.call);
    record.principal = await stages.authenticate(talk.call.request, "inquiry");
    return talk.encode(recorded(talk.converse(), record));
  } catch (thrown) {
    const error = toServingError(thrown);
    return talk.encodeError((await record?.close(error)) ?? error);
  }
}

/** The answers, and a record of how they ended. */
async function* recorded(
  answers: AsyncIterable<Uint8Array>,
  record: Pick<CallRecord, "close">,
): AsyncGenerator<Uint8Array> {
  let error: ServingError | undefined;
  let refusal: ServingError | undefined;
  try {
    yield* answers;
  } catch (thrown) {
    error = toServingError(thrown);
    throw error;
  } finally {
    refusal = await record.close(error);
  }
  if (refusal !== undefined) throw refusal;
}
