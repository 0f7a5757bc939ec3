import type { HttpReply } from "../../../call/types.ts";
import { ERROR_TABLE, type ErrorCode } from "../../../error-table.ts";
import type { ServingError } from "../../../errors.ts";
import { errorHeaders } from "../../error-headers.ts";

/** Codes that Seldon knows as bad data only: its clients see 400. */
const BAD_DATA: ReadonlySet<ErrorCode> = new Set([
  "INVALID_ARGUMENT",
  "UNSUPPORTED_MEDIA_TYPE",
  "NOT_ACCEPTABLE",
  "UNIMPLEMENTED",
]);

/**
 * The reply for an error: a message with nothing but a status, in which the number 1 stands for failure and the code is -1, whatever the HTTP status is.
 *
 * Source: Seldon v1, errors of the wrapper.
 */
export function toErrorReply(error: ServingError, requestId: string): HttpReply {
  const { http, reason, info } = describe(error, requestId);
  const headers = errorHeaders(error, "application/json");
  return { status: http, headers, body: JSON.stringify({ status: { status: 1, info, code: -1, reason } }) };
}

function describe(
  error: ServingError,
  requestId: string,
): { readonly http: number; readonly reason: string; readonly info: string } {
  const { details, code, message } = error;
  const { http, exposed } = ERROR_TABLE[code];
  // A route that gives no branch is the one fault of an author's that its caller is told.
  if (typeof details["routing"] === "string")
    return { http: 400, reason: "MICROSERVICE_BAD_DATA", info: details["routing"] };
  const info = exposed ? message : `the service failed; its log tells why under request id ${requestId}`;
  if (BAD_DATA.has(code)) return { http: 400, reason: "MICROSERVICE_BAD_DATA", info };
  if (code !== "INTERNAL") return { http, reason: code, info };
  if ("metric" in details) return { http, reason: "MICROSERVICE_BAD_METRIC", info };
  if ("metadata" in details) return { http, reason: "MICROSERVICE_BAD_METADATA", info };
  return { http, reason: "MICROSERVICE_INTERNAL_ERROR", info };
}
