import type { ApiDefinition } from "../../definition/types.ts";
import type { JsonValue } from "../../io/types.ts";
import { callRules, NO_RULES } from "./call-rules.ts";
import { COMMON_HEADERS, errorReferences } from "./error-responses.ts";
import { showExamples } from "./examples.ts";
import type { JsonObject } from "./json-object.ts";
import { replyContent, requestContent } from "./media-content.ts";
import { PARAMETER_REFERENCES } from "./request-parameters.ts";
import { streamContent } from "./stream-content.ts";
import type { Components } from "./to-components.ts";
import type { DocumentedSecurity, OpenApiVersion } from "./types.ts";

/** Under which heading the APIs stand. */
export const API_TAG = {
  name: "Predictions",
  description: "The functions of this service.",
} as const satisfies JsonObject;

export interface OperationContext {
  readonly components: Components;
  readonly exampleFiles: Readonly<Record<string, JsonValue | undefined>>;
  readonly security: DocumentedSecurity | undefined;
  readonly version: OpenApiVersion;
}

/** The operation `POST /<api>`. */
export function toOperation(api: ApiDefinition, context: OperationContext): JsonObject {
  const { components, exampleFiles, security, version } = context;
  const examples = showExamples(api, exampleFiles);
  const rules = security === undefined ? NO_RULES : callRules(api, security, version);
  const paragraphs = [api.description, ...rules.notes, ...limitsOf(api), ...examples.notes];
  const description = paragraphs.filter((line) => line !== "").join("\n\n");
  const request = requestContent(api, { components, examples: examples.inputs });
  const reply = api.stream
    ? streamContent(api, { components })
    : replyContent(api, { components, examples: examples.outputs });
  return {
    operationId: api.name,
    tags: [API_TAG.name],
    ...(api.summary === "" ? {} : { summary: api.summary }),
    ...(description === "" ? {} : { description }),
    ...rules.members,
    ...batchOf(api),
    parameters: PARAMETER_REFERENCES,
    requestBody: { required: true, content: request },
    responses: {
      200: {
        description: api.stream ? "A stream of results, each sent as soon as it is there." : "The result.",
        headers: COMMON_HEADERS,
        content: reply,
      },
      ...errorReferences(security),
    },
  };
}

function limitsOf(api: ApiDefinition): readonly string[] {
  const body = api.maxBodyBytes === null ? [] : [`The body may have up to ${api.maxBodyBytes} bytes.`];
  const time = api.timeoutMs === null ? [] : [`A call may take up to ${api.timeoutMs} ms.`];
  return [...body, ...time];
}

/** Bentos of before there were batches do not say. */
function batchOf({ batch }: Partial<Pick<ApiDefinition, "batch">>): JsonObject {
  return batch === null || batch === undefined ? {} : { "x-bento-batch": { ...batch } };
}
