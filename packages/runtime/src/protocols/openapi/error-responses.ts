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

/** Errors that any API may answer with, by the server itself. */
const ERRORS = {
  INVALID_ARGUMENT: "The input is not valid; `errors` names the places.",
  NOT_ACCEPTABLE: "The `Accept` header takes none of the media types that this API answers with.",
  REQUEST_TIMEOUT: "The request did not arrive in time.",
  PAYLOAD_TOO_LARGE: "The body is larger than this API takes, after decompression.",
  UNSUPPORTED_MEDIA_TYPE: "The body's media type or content coding is not one that this API takes.",
  HEADERS_TOO_LARGE: "The request's headers are too large.",
  INTERNAL: "The service failed; its log tells why under the request id.",
  UNAVAILABLE: "The service is full or shuts down; try again.",
  DEADLINE_EXCEEDED: "The answer was not ready in time.",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Everything else that a service's own code may answer with. */
const OTHER = {
  name: "OtherError",
  description: "Any other error, told by the service's own code: 401, 403, 404, 409, 429 or 501.",
};

/** The error responses, by component name. */
export function errorResponses(): JsonObject {
  const entries = codes().map((code): [string, JsonObject] => [
    toResponseName(code),
    toResponse(ERRORS[code], { retry: ERROR_TABLE[code].http === 503 }),
  ]);
  return { ...Object.fromEntries(entries), [OTHER.name]: toResponse(OTHER.description, { retry: true }) };
}

/** References to the error responses, by status, for an operation. */
export function errorReferences(): JsonObject {
  const entries = codes().map((code): [string, JsonObject] => [
    String(ERROR_TABLE[code].http),
    { $ref: `#/components/responses/${toResponseName(code)}` },
  ]);
  return { ...Object.fromEntries(entries), default: { $ref: `#/components/responses/${OTHER.name}` } };
}

function codes(): readonly (keyof typeof ERRORS)[] {
  return Object.keys(ERRORS) as (keyof typeof ERRORS)[];
}

function toResponseName(code: ErrorCode): string {
  return toComponentName(code.toLowerCase());
}

function toResponse(description: string, { retry }: { readonly retry: boolean }): JsonObject {
  return {
    description,
    headers: { ...COMMON_HEADERS, ...(retry ? { "retry-after": { $ref: "#/components/headers/RetryAfter" } } : {}) },
    content: { "application/problem+json": { schema: { $ref: `#/components/schemas/${PROBLEM_NAME}` } } },
  };
}
