import type { ApiDefinition } from "../../definition/types.ts";
import type { JsonValue } from "../../io/types.ts";
import { COMMON_HEADERS, errorReferences } from "./error-responses.ts";
import { showExamples } from "./examples.ts";
import type { JsonObject } from "./json-object.ts";
import { replyContent, requestContent } from "./media-content.ts";
import { PARAMETER_REFERENCES } from "./request-parameters.ts";
import { streamContent } from "./stream-content.ts";
import type { Components } from "./to-components.ts";

/** Under which heading the APIs stand. */
export const API_TAG = {
  name: "Predictions",
  description: "The functions of this service.",
} as const satisfies JsonObject;

export interface OperationContext {
  readonly components: Components;
  readonly exampleFiles: Readonly<Record<string, JsonValue | undefined>>;
}

/** The operation `POST /<api>`. */
export function toOperation(api: ApiDefinition, { components, exampleFiles }: OperationContext): JsonObject {
  const examples = showExamples(api, exampleFiles);
  const description = [api.description, ...limitsOf(api), ...examples.notes].filter((line) => line !== "").join("\n\n");
  const request = requestContent(api, { components, examples: examples.inputs });
  const reply = api.stream
    ? streamContent(api, { components })
    : replyContent(api, { components, examples: examples.outputs });
  return {
    operationId: api.name,
    tags: [API_TAG.name],
    ...(api.summary === "" ? {} : { summary: api.summary }),
    ...(description === "" ? {} : { description }),
    parameters: PARAMETER_REFERENCES,
    requestBody: { required: true, content: request },
    responses: {
      200: {
        description: api.stream ? "A stream of results, each sent as soon as it is there." : "The result.",
        headers: COMMON_HEADERS,
        content: reply,
      },
      ...errorReferences(),
    },
  };
}

function limitsOf(api: ApiDefinition): readonly string[] {
  const body = api.maxBodyBytes === null ? [] : [`The body may have up to ${api.maxBodyBytes} bytes.`];
  const time = api.timeoutMs === null ? [] : [`A call may take up to ${api.timeoutMs} ms.`];
  return [...body, ...time];
}
