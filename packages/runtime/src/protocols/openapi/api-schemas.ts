import type { ServiceDefinition } from "../../definition/index.ts";
import { jsonSchemaOf } from "../../io/schema.ts";
import type { JsonObject } from "./json-object.ts";

/** JSON Schemas (2020-12) of what an API takes and gives in JSON. */
export interface ApiSchemas {
  readonly input: JsonObject;
  /** Of a stream: of each of its items. */
  readonly output: JsonObject;
}

/** The JSON Schemas of a service's APIs by their names. */
export function apiSchemas({ apis }: ServiceDefinition): Readonly<Record<string, ApiSchemas>> {
  return Object.fromEntries(
    apis.map(({ name, input, output, nan }) => [
      name,
      { input: jsonSchemaOf(input, "input", nan), output: jsonSchemaOf(output, "output", nan) },
    ]),
  );
}
