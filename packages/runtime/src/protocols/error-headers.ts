import { ERROR_TABLE } from "../error-table.ts";
import type { ServingError } from "../errors.ts";

/** Headers of an error's reply over HTTP, of any protocol: what its body is, when trying again may help, and how callers have to show who they are. */
export function errorHeaders(error: ServingError, contentType: string): Record<string, string> {
  const headers: Record<string, string> = { ...error.headers, "content-type": contentType };
  const { http } = ERROR_TABLE[error.code];
  if (error.retryAfterSeconds !== undefined) headers["retry-after"] = String(error.retryAfterSeconds);
  else if (http === 503 || http === 429) headers["retry-after"] = "1";
  // One field may hold the challenges of several schemes. Source: RFC 9110, section 11.6.1.
  if (error.challenge.length > 0) headers["www-authenticate"] = error.challenge.join(", ");
  return headers;
}
