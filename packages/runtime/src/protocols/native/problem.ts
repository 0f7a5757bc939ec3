import type { HttpReply } from "../../call/types.ts";
import { ERROR_TABLE } from "../../error-table.ts";
import type { ServingError } from "../../errors.ts";
import { errorHeaders } from "../error-headers.ts";

/** Faults shown in one answer; more would not help the caller. */
const MAX_PROBLEMS = 20;

/** The body of an error on native routes: RFC 9457 problem details with code, request id and the faults by place. */
export interface ProblemBody {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Makes the body for an error; of a code that is not exposed it tells the request id and nothing more. */
export function toProblemBody(error: ServingError, requestId: string): ProblemBody {
  const row = ERROR_TABLE[error.code];
  return {
    type: "about:blank",
    title: row.title,
    status: row.http,
    code: error.code,
    detail: row.exposed ? error.message : `the service failed; its log tells why under request id ${requestId}`,
    requestId,
    ...(row.exposed && error.problems.length > 0 ? { errors: error.problems.slice(0, MAX_PROBLEMS) } : {}),
  };
}

/** Makes the reply for an error: `application/problem+json`, with Retry-After where trying again may help and a challenge where credentials are missing. */
export function toProblemReply(error: ServingError, requestId: string): HttpReply {
  const row = ERROR_TABLE[error.code];
  const headers = errorHeaders(error, "application/problem+json");
  return { status: row.http, headers, body: JSON.stringify(toProblemBody(error, requestId)) };
}
