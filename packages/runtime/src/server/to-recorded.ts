import type { GrpcRequest, HttpRequest, RecordedCall } from "../call/types.ts";

/** What is written down of a request that asks about the server and calls no API. */
export function toRecorded(request: HttpRequest | GrpcRequest, protocol: string, method: string): RecordedCall {
  const { requestId, route, peerIp, clientIp, headers } = request;
  return {
    requestId,
    protocol,
    method,
    route,
    peerIp,
    clientIp,
    headers,
    userAgent: headers["user-agent"],
    bytesIn: () => 0,
    bytesOut: () => undefined,
  };
}
