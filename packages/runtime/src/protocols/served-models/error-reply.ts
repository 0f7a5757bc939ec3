import type { HttpReply } from "../../call/types.ts";
import { ERROR_TABLE, type ErrorCode } from "../../error-table.ts";
import type { ServingError } from "../../errors.ts";
import { errorHeaders } from "../error-headers.ts";

/** Codes whose status clients of this protocol do not know: 400 stands for them. */
const AS_BAD_REQUEST: ReadonlySet<ErrorCode> = new Set(["UNSUPPORTED_MEDIA_TYPE", "NOT_ACCEPTABLE"]);

/** The reply for an error: `{"error": text}`, the key that tritonclient reads. Source: Open Inference Protocol v2, "Inference Response JSON Error Object"; KServe V1 and TensorFlow Serving have the same. */
export function toErrorReply(error: ServingError, requestId: string): HttpReply {
  const row = ERROR_TABLE[error.code];
  const headers = errorHeaders(error, "application/json");
  const text = row.exposed ? error.message : `the service failed; its log tells why under request id ${requestId}`;
  const status = AS_BAD_REQUEST.has(error.code) ? ERROR_TABLE.INVALID_ARGUMENT.http : row.http;
  return { status, headers, body: JSON.stringify({ error: text }) };
}
