import type { CallRequest, RecordedCall } from "../call/types.ts";

/** What is written down of a request that asks about the server and calls no API. */
export function toRecorded(request: CallRequest, protocol: string): RecordedCall {
  return { request, protocol, bytesIn: () => 0, bytesOut: () => undefined };
}
