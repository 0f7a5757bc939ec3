import { OPERATIONS, type SeldonOperation } from "../operations.ts";

/** The static description of Seldon's REST surface, OpenAPI 3, as text: the same for every component. */
export function seldonDocument(): string {
  return DOCUMENT;
}

const message = { $ref: "#/components/schemas/SeldonMessage" };
const BODIES = {
  message,
  list: {
    oneOf: [
      {
        type: "object",
        required: ["seldonMessages"],
        properties: { seldonMessages: { type: "array", items: message } },
      },
      { type: "array", items: message },
    ],
  },
  feedback: {
    type: "object",
    properties: { request: message, response: message, reward: { type: "number" }, truth: message },
  },
} as const satisfies Record<SeldonOperation["brings"], object>;

function operationOf({ name, brings }: SeldonOperation): object {
  return {
    summary: name,
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: BODIES[brings] },
        "application/x-www-form-urlencoded": {
          schema: { type: "object", required: ["json"], properties: { json: { type: "string" } } },
        },
        "multipart/form-data": { schema: { type: "object" } },
      },
    },
    responses: {
      "200": { description: "The answer", content: { "application/json": { schema: message } } },
      default: { description: "A failure, told by status", content: { "application/json": { schema: message } } },
    },
  };
}

const info = (summary: string, type: string): object => ({
  get: { summary, responses: { "200": { description: summary, content: { [type]: { schema: {} } } } } },
});

const open = (properties: object): object => ({ type: "object", properties });

const DOCUMENT = JSON.stringify({
  openapi: "3.0.3",
  info: { title: "Seldon Core component", version: "1.0.0" },
  paths: {
    ...Object.fromEntries(
      OPERATIONS.flatMap((operation) =>
        [operation.path, ...operation.outerPaths].map((path) => [path, { post: operationOf(operation) }]),
      ),
    ),
    "/health/ping": info("Whether the process lives", "text/html"),
    "/health/status": info("Whether the component is healthy", "application/json"),
    "/metadata": info("What the component tells of itself", "application/json"),
  },
  components: {
    schemas: {
      SeldonMessage: open({
        status: open({
          code: { type: "integer" },
          info: { type: "string" },
          reason: { type: "string" },
          status: {},
        }),
        meta: open({
          puid: { type: "string" },
          tags: { type: "object" },
          routing: { type: "object", additionalProperties: { type: "integer" } },
          requestPath: { type: "object", additionalProperties: { type: "string" } },
          metrics: {
            type: "array",
            items: open({
              key: { type: "string" },
              type: { type: "string", enum: ["COUNTER", "GAUGE", "TIMER"] },
              value: { type: "number" },
              tags: { type: "object", additionalProperties: { type: "string" } },
            }),
          },
        }),
        data: open({
          names: { type: "array", items: { type: "string" } },
          tensor: open({
            shape: { type: "array", items: { type: "integer" } },
            values: { type: "array", items: { type: "number" } },
          }),
          ndarray: { type: "array", items: {} },
          tftensor: { type: "object" },
        }),
        jsonData: {},
        strData: { type: "string" },
        binData: { type: "string", format: "byte" },
      }),
    },
  },
});
