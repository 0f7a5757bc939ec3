import type { Principal, RecordedCall } from "../call/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import type { CallRecord, Stages } from "./stages.ts";

/** A question about the server or a model, of any protocol; it calls no API. */
export interface Inquiry<R> {
  readonly call: RecordedCall;
  /** Whether callers without credentials may ask. */
  readonly isPublic: boolean;
  answer(): R | Promise<R>;
  encodeError(error: ServingError): R;
}

/**
 * Answers a question in the order of `serveCall`: who asks → answer, and a record of it. Public ones are probes: they ask nobody who they are, and leave a record only where that is wanted.
 *
 * Never rejects.
 */
export async function serveInfo<R>({ call, isPublic, answer, encodeError }: Inquiry<R>, stages: Stages): Promise<R> {
  let record: Pick<CallRecord, "close"> | undefined;
  let reply: R;
  let error: ServingError | undefined;
  try {
    if (isPublic) record = stages.recorder.openPublic(call);
    else {
      const own = stages.recorder.open(call);
      record = own;
      const principal: Principal = await stages.authenticate(call.request, "inquiry");
      own.principal = principal;
    }
    reply = await answer();
  } catch (thrown) {
    error = toServingError(thrown);
    reply = encodeError(error);
  }
  const refusal = await record?.close(error);
  return refusal === undefined ? reply : encodeError(refusal);
}
