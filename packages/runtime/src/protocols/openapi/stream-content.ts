import type { ApiDefinition } from "../../definition/types.ts";
import { jsonSchemaOf } from "../../io/schema.ts";
import { PROBLEM_NAME } from "./error-responses.ts";
import type { JsonObject } from "./json-object.ts";
import { type Components, toComponentName } from "./to-components.ts";

/**
 * The content of a streaming reply: server-sent events and newline-delimited JSON.
 *
 * OpenAPI 3.1 has no word for the items of a stream: the text says it, and `x-itemSchema` (what 3.2 calls `itemSchema`) tells it to programs.
 */
export function streamContent(api: ApiDefinition, { components }: { readonly components: Components }): JsonObject {
  const item = components.add(`${toComponentName(api.name)}Item`, jsonSchemaOf(api.output, "output", api.nan));
  const kind = `\`${item.$ref.split("/").at(-1)}\``;
  const events = `Server-sent events: the \`data\` of each event is one ${kind} as JSON; \`event: end\` is the last. When the call fails midway, \`event: error\` holds a \`${PROBLEM_NAME}\` and the connection is cut.`;
  const lines = `One ${kind} as JSON in each line. When the call fails midway, the last line is \`{"error": ${PROBLEM_NAME}}\` and the connection is cut.`;
  return {
    "text/event-stream": { schema: { type: "string", description: events }, "x-itemSchema": item },
    "application/x-ndjson": { schema: { type: "string", description: lines }, "x-itemSchema": item },
  };
}
