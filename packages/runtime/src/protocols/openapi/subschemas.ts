import type { JsonValue } from "../../io/types.ts";
import { isJsonList, isJsonObject, type JsonObject, mapValues } from "./json-object.ts";

// Keywords by how they hold other schemas. All others (enum, const, default, examples) hold data, which is never read as a schema.
const ONE = words(
  "additionalProperties items contains not if then else propertyNames unevaluatedItems unevaluatedProperties contentSchema",
);
const LIST = words("allOf anyOf oneOf prefixItems");
const MAP = words("properties patternProperties dependentSchemas $defs definitions");

/** The schema with each schema directly inside it changed; a boolean schema is handed over as it is. Source: JSON Schema 2020-12, section 10. */
export function mapSubschemas(schema: JsonObject, change: (subschema: JsonValue) => JsonValue): JsonObject {
  return mapValues(schema, (value, keyword) => {
    if (ONE.has(keyword)) return change(value);
    if (LIST.has(keyword) && isJsonList(value)) return value.map(change);
    if (MAP.has(keyword) && isJsonObject(value)) return mapValues(value, change);
    return value;
  });
}

/** The words of a text that lists them. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
