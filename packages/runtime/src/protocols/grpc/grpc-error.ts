import type { GrpcReply } from "../../call/types.ts";
import { ERROR_TABLE } from "../../error-table.ts";
import type { ServingError } from "../../errors.ts";

/**
 * The reply for an error over gRPC, of any protocol: its status code, its text, and `retry-after` in seconds where trying again may help.
 *
 * Source: gRPC, "Status codes and their use"; security.md A4 for the trailer.
 */
export function toGrpcError(error: ServingError, requestId: string): GrpcReply {
  const row = ERROR_TABLE[error.code];
  const retryAfter = error.retryAfterSeconds ?? (row.http === 503 || row.http === 429 ? 1 : undefined);
  return {
    status: row.grpc,
    details: row.exposed ? error.message : `the service failed; its log tells why under request id ${requestId}`,
    metadata: {},
    trailers: retryAfter === undefined ? error.headers : { ...error.headers, "retry-after": String(retryAfter) },
    body: undefined,
  };
}

/** A good reply with one message. */
export function toGrpcReply(body: GrpcReply["body"], metadata: GrpcReply["metadata"] = {}): GrpcReply {
  return { status: 0, details: "", metadata, trailers: {}, body };
}
