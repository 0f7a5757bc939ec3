import type { JsonValue } from "../../io/types.ts";
import { isJsonList, isJsonObject, mapValues } from "./json-object.ts";
import { toSchema30 } from "./schema-30.ts";
import type { OpenApiDocument } from "./types.ts";

/** A 3.1 document as OpenAPI 3.0.3: every schema in the older dialect, the rest is the same in both. */
export function toDocument30({ info, openapi: _newer, ...document }: OpenApiDocument): OpenApiDocument {
  return { openapi: "3.0.3", info, ...mapValues(document, convert) };
}

/** Keys under which nothing is a schema, whatever it looks like: examples are data, `encoding` has the names of form fields for keys, `securitySchemes` those of scopes. */
const DATA: ReadonlySet<string> = new Set(["example", "examples", "value", "encoding", "securitySchemes"]);

function convert(value: JsonValue, key: string): JsonValue {
  if (key === "schema" || key === "x-itemSchema") return toSchema30(value);
  if (key === "schemas" && isJsonObject(value)) return mapValues(value, toSchema30);
  if (DATA.has(key)) return value;
  if (isJsonList(value)) return value.map((item) => convert(item, ""));
  return isJsonObject(value) ? mapValues(value, convert) : value;
}
