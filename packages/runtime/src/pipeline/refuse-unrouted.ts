import type { CallRequest, RecordedCall } from "../call/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import type { CallRecord, Stages } from "./stages.ts";

/** Stands for the route of a request that none has. */
export const NO_ROUTE = "none";

/** A request that no route answers, and what is to be said to that. */
export interface Unrouted {
  readonly request: CallRequest;
  readonly protocol: "http" | "grpc";
  readonly error: ServingError;
}

/**
 * Gives the error to answer with, and leaves a record. Callers without a credential are asked for one before they are told what is not there; bytes that are no request
 * (`isReadable` false) can't hold one. Never rejects. Source: security.md A4.
 */
export async function refuseUnrouted(
  { request, protocol, error }: Unrouted,
  stages: Pick<Stages, "recorder" | "authenticate">,
  { isReadable }: { readonly isReadable: boolean },
): Promise<ServingError> {
  const call: RecordedCall = { request, protocol, bytesIn: () => 0, bytesOut: () => undefined };
  let record: CallRecord | undefined;
  let refusal = error;
  try {
    record = stages.recorder.open(call);
    if (isReadable) record.principal = await stages.authenticate(request, "inquiry");
  } catch (thrown) {
    refusal = toServingError(thrown);
  }
  return (await record?.close(refusal)) ?? refusal;
}
