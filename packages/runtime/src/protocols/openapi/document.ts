import type { ServiceDefinition } from "../../definition/types.ts";
import { asksCallers } from "./call-rules.ts";
import { toDocument30 } from "./document-30.ts";
import { errorResponses, PROBLEM_NAME, PROBLEM_SCHEMA, RESPONSE_HEADERS } from "./error-responses.ts";
import type { JsonObject } from "./json-object.ts";
import type { OpenApiDocument, OpenApiOptions } from "./types.ts";
import { API_TAG, toOperation } from "./operation.ts";
import { PROBE_TAG, probePaths } from "./probes.ts";
import { REQUEST_PARAMETERS } from "./request-parameters.ts";
import { securitySchemes } from "./security-schemes.ts";
import { createComponents } from "./to-components.ts";

/**
 * The OpenAPI document of a service: its APIs over the native protocol and its probes.
 *
 * The same definition and options give the same document. Sources: OpenAPI 3.1.0, JSON Schema 2020-12; OpenAPI 3.0.3.
 */
export function openApiDocument(definition: ServiceDefinition, options: OpenApiOptions = {}): OpenApiDocument {
  const { version = "3.1", basePath = "/", serverUrl = "", exampleFiles = {}, security } = options;
  const isAsking = asksCallers(security);
  const components = createComponents();
  components.add(PROBLEM_NAME, PROBLEM_SCHEMA);
  const operations = definition.apis.map((api): [string, JsonObject] => [
    `/${api.name}`,
    { post: toOperation(api, { components, exampleFiles, security, version }) },
  ]);
  const { description } = definition;
  const document: OpenApiDocument = {
    openapi: "3.1.0",
    info: { title: definition.name, version: definition.version, ...(description === "" ? {} : { description }) },
    servers: [{ url: serverUrl.replace(/\/+$/, "") + (basePath === "/" && serverUrl !== "" ? "" : basePath) }],
    tags: [API_TAG, PROBE_TAG],
    paths: { ...Object.fromEntries(operations), ...probePaths(isAsking) },
    components: {
      schemas: components.schemas(),
      parameters: REQUEST_PARAMETERS,
      headers: RESPONSE_HEADERS,
      responses: errorResponses(security),
      ...(isAsking ? { securitySchemes: securitySchemes(security, version) } : {}),
    },
  };
  return version === "3.0" ? toDocument30(document) : document;
}
