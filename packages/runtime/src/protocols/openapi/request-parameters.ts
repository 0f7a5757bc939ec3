import type { JsonObject } from "./json-object.ts";

/** Request headers that every API understands, by component name. */
export const REQUEST_PARAMETERS = {
  RequestTimeout: {
    name: "X-Request-Timeout-Ms",
    in: "header",
    description: "Milliseconds that the caller waits; work for a call that is past them is dropped.",
    schema: { type: "integer", minimum: 1, maximum: 999_999_999 },
  },
  RequestId: {
    name: "X-Request-Id",
    in: "header",
    description: "Name of this call in logs and in the reply; the server makes one up when none fit for logs comes.",
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,64}$" },
  },
} as const satisfies Record<string, JsonObject>;

/** References to all of them, for an operation. */
export const PARAMETER_REFERENCES: readonly JsonObject[] = Object.keys(REQUEST_PARAMETERS).map((name) => ({
  $ref: `#/components/parameters/${name}`,
}));
