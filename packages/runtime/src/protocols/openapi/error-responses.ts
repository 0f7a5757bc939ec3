import { ERROR_TABLE, type ErrorCode } from "../../error-table.ts";
import type { JsonObject } from "./json-object.ts";
import { toComponentName } from "./to-components.ts";

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
} as const satisfies Record<string, JsonObject>;

/** The headers that every reply has. */
export const COMMON_HEADERS: JsonObject = { "x-request-id": { $ref: "#/components/headers/RequestId" } };

interface ErrorText {
  readonly description: string;
  /** `detail` of the example. */
  readonly detail: string;
}

/** Errors that any API may answer with, by the server itself. */
const ERRORS = {
  INVALID_ARGUMENT: {
    description: "The input is not valid; `errors` names the places.",
    detail: '/rows/3/age: expected a number, got "oops"',
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
export function errorResponses(): JsonObject {
  const entries = commonErrors().map((code): [string, JsonObject] => {
    const { description } = ERRORS[code];
    return [
      toResponseName(code),
      toResponse(description, { retry: ERROR_TABLE[code].http === 503, example: toExample(code) }),
    ];
  });
  return {
    ...Object.fromEntries(entries),
    [OTHER.name]: toResponse(OTHER.description, { retry: true, example: undefined }),
  };
}

/** References to the error responses, by status, for an operation. */
export function errorReferences(): JsonObject {
  const entries = commonErrors().map((code): [string, JsonObject] => [
    String(ERROR_TABLE[code].http),
    { $ref: `#/components/responses/${toResponseName(code)}` },
  ]);
  return { ...Object.fromEntries(entries), default: { $ref: `#/components/responses/${OTHER.name}` } };
}

function commonErrors(): readonly CommonError[] {
  return Object.keys(ERRORS) as CommonError[];
}

function toResponseName(code: ErrorCode): string {
  return toComponentName(code.toLowerCase());
}

function toExample(code: CommonError): JsonObject {
  const { http, title } = ERROR_TABLE[code];
  const { detail } = ERRORS[code];
  const at = detail.indexOf(": ");
  const errors: JsonObject =
    code === "INVALID_ARGUMENT" ? { errors: [{ path: detail.slice(0, at), message: detail.slice(at + 2) }] } : {};
  return { type: "about:blank", title, status: http, code, detail, requestId: "5f0c1c52", ...errors };
}

function toResponse(
  description: string,
  { retry, example }: { readonly retry: boolean; readonly example: JsonObject | undefined },
): JsonObject {
  const media = {
    schema: { $ref: `#/components/schemas/${PROBLEM_NAME}` },
    ...(example === undefined ? {} : { example }),
  };
  return {
    description,
    headers: { ...COMMON_HEADERS, ...(retry ? { "retry-after": { $ref: "#/components/headers/RetryAfter" } } : {}) },
    content: { "application/problem+json": media },
  };
}
