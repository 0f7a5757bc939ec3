import { ERROR_TABLE, type ErrorCode } from "../../error-table.ts";
import { asksCallers } from "./call-rules.ts";
import type { JsonObject } from "./json-object.ts";
import { toComponentName } from "./to-components.ts";
import type { DocumentedSecurity } from "./types.ts";

/** Component name of the schema of error bodies. */
export const PROBLEM_NAME = "Problem";

/** Body of every error: RFC 9457 problem details. */
export const PROBLEM_SCHEMA: JsonObject = {
  type: "object",
  description: "What went wrong, as problem details (RFC 9457).",
  required: ["type", "title", "status", "code", "detail", "requestId"],
  properties: {
    type: { const: "about:blank" },
    title: { type: "string" },
    status: { type: "integer", description: "The HTTP status." },
    code: { type: "string", enum: Object.keys(ERROR_TABLE), description: "Says who must act; made for programs." },
    detail: { type: "string", description: "What was expected, what came and where; made for people." },
    requestId: { type: "string", description: "Under it the service's log tells more." },
    errors: {
      type: "array",
      description: "The faults of the input, at most 20.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "string", description: "JSON Pointer to the place." },
          message: { type: "string" },
        },
      },
    },
  },
};

/** Headers of replies, by component name. */
export const RESPONSE_HEADERS = {
  RequestId: { description: "Name of this call in the service's log.", schema: { type: "string" } },
  RetryAfter: { description: "Seconds after which trying again may help.", schema: { type: "integer" } },
  Challenge: { description: "The ways in which callers show who they are.", schema: { type: "string" } },
} as const satisfies Record<string, JsonObject>;

/** The headers that every reply has. */
export const COMMON_HEADERS: JsonObject = { "x-request-id": { $ref: "#/components/headers/RequestId" } };

interface ErrorText {
  readonly description: string;
  /** `detail` of the example. */
  readonly detail: string;
  /** Servers that answer so; all of them unless given. */
  readonly isOf?: (security: DocumentedSecurity | undefined) => boolean;
  /** Headers beside those of every reply, by component name. */
  readonly headers?: JsonObject;
}

const RETRY: JsonObject = { "retry-after": { $ref: "#/components/headers/RetryAfter" } };

/** Errors that any API may answer with, by the server itself. */
const ERRORS = {
  INVALID_ARGUMENT: {
    description: "The input is not valid; `errors` names the places.",
    detail: '/rows/3/age: expected a number, got "oops"',
  },
  UNAUTHENTICATED: {
    description: "Credentials are missing, or those that came are not good.",
    detail: "credentials are needed",
    isOf: asksCallers,
    headers: { "www-authenticate": { $ref: "#/components/headers/Challenge" } },
  },
  PERMISSION_DENIED: {
    description: "The credentials are good, and this caller may not call this function.",
    detail: "this caller may not call this function",
    isOf: asksCallers,
  },
  NOT_ACCEPTABLE: {
    description: "The `Accept` header takes none of the media types that this API answers with.",
    detail: "this API answers with application/json, Accept takes none of them",
  },
  REQUEST_TIMEOUT: {
    description: "The request did not arrive in time.",
    detail: "the request did not arrive in time",
  },
  PAYLOAD_TOO_LARGE: {
    description: "The body is larger than this API takes, after decompression.",
    detail: "the body has more than 16777216 bytes, the limit set by server.limits.json",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    description: "The body's media type or content coding is not one that this API takes.",
    detail: 'this API takes application/json, got Content-Type "text/html"',
  },
  RESOURCE_EXHAUSTED: {
    description: "More calls came than are allowed in this time.",
    detail: "more calls than are allowed: try again in 3 s",
    isOf: (security) => security?.limitsRates ?? false,
    headers: RETRY,
  },
  HEADERS_TOO_LARGE: {
    description: "The request's headers are too large.",
    detail: "the headers pass server.limits.headers",
  },
  INTERNAL: {
    description: "The service failed; its log tells why under the request id.",
    detail: "the service failed; its log tells why under request id 5f0c1c52",
  },
  UNAVAILABLE: {
    description: "The service is full or shuts down; try again.",
    detail: "the server is shutting down",
    headers: RETRY,
  },
  DEADLINE_EXCEEDED: {
    description: "The answer was not ready in time.",
    detail: "the call was not answered within 60000 ms",
  },
} as const satisfies Partial<Record<ErrorCode, ErrorText>>;

type CommonError = keyof typeof ERRORS;

/** Everything else that a service's own code may answer with. */
const OTHER = {
  name: "OtherError",
  description: "Any other error, told by the service's own code: 401, 403, 404, 409, 429 or 501.",
};

/** The error responses, by component name. */
export function errorResponses(security: DocumentedSecurity | undefined): JsonObject {
  const entries = errorsOf(security).map(([code, text]): [string, JsonObject] => [
    toResponseName(code),
    toResponse(text.description, { headers: text.headers ?? {}, example: toExample(code, text) }),
  ]);
  return { ...Object.fromEntries(entries), [OTHER.name]: toResponse(OTHER.description, { headers: RETRY }) };
}

/** References to the error responses, by status, for an operation. */
export function errorReferences(security: DocumentedSecurity | undefined): JsonObject {
  const entries = errorsOf(security).map(([code]): [string, JsonObject] => [
    String(ERROR_TABLE[code].http),
    { $ref: `#/components/responses/${toResponseName(code)}` },
  ]);
  return { ...Object.fromEntries(entries), default: { $ref: `#/components/responses/${OTHER.name}` } };
}

function errorsOf(security: DocumentedSecurity | undefined): readonly (readonly [CommonError, ErrorText])[] {
  const rows: readonly (readonly [CommonError, ErrorText])[] = (Object.keys(ERRORS) as CommonError[]).map((code) => [
    code,
    ERRORS[code],
  ]);
  return rows.filter(([, { isOf }]) => isOf?.(security) ?? true);
}

function toResponseName(code: ErrorCode): string {
  return toComponentName(code.toLowerCase());
}

function toExample(code: CommonError, { detail }: ErrorText): JsonObject {
  const { http, title } = ERROR_TABLE[code];
  const at = detail.indexOf(": ");
  const errors: JsonObject =
    code === "INVALID_ARGUMENT" ? { errors: [{ path: detail.slice(0, at), message: detail.slice(at + 2) }] } : {};
  return { type: "about:blank", title, status: http, code, detail, requestId: "5f0c1c52", ...errors };
}

function toResponse(
  description: string,
  { headers, example }: { readonly headers: JsonObject; readonly example?: JsonObject },
): JsonObject {
  const media = {
    schema: { $ref: `#/components/schemas/${PROBLEM_NAME}` },
    ...(example === undefined ? {} : { example }),
  };
  return {
    description,
    headers: { ...COMMON_HEADERS, ...headers },
    content: { "application/problem+json": media },
  };
}
