import type { ApiDefinition } from "../../definition/types.ts";
import { consumesOf, producesOf } from "../../io/media.ts";
import { jsonSchemaOf } from "../../io/schema.ts";
import type { DataFrameSpec, IoSpec, TensorSpec } from "../../io/types.ts";
import { formContent } from "./form-content.ts";
import type { JsonObject } from "./json-object.ts";
import { mediaTypesOf } from "./media-types.ts";
import { type Components, toComponentName } from "./to-components.ts";

export interface ContentContext {
  readonly components: Components;
  /** Example Objects by name. */
  readonly examples: JsonObject;
}

/** The content of an API's request body: a Media Type Object for each media type that it takes. */
export function requestContent(
  { name, input, nan }: ApiDefinition,
  { components, examples }: ContentContext,
): JsonObject {
  const json = components.add(`${toComponentName(name)}Input`, jsonSchemaOf(input, "input", nan));
  const content = mediaTypesOf(input, consumesOf(input)).map((type): [string, JsonObject] => {
    if (type === "multipart/form-data")
      return [type, formContent(input, { components, name: toComponentName(name), nan })];
    return [type, mediaObject(type, input, { json, examples })];
  });
  return Object.fromEntries(content);
}

/** The content of an API's reply, for each media type in which it can be had. */
export function replyContent(
  { name, output, nan }: ApiDefinition,
  { components, examples }: ContentContext,
): JsonObject {
  const json = components.add(`${toComponentName(name)}Output`, jsonSchemaOf(output, "output", nan));
  return Object.fromEntries(producesOf(output).map((type) => [type, mediaObject(type, output, { json, examples })]));
}

function mediaObject(
  type: string,
  spec: IoSpec,
  { json, examples }: { readonly json: JsonObject; readonly examples: JsonObject },
): JsonObject {
  if (type === "application/json") return { schema: json, ...(Object.keys(examples).length === 0 ? {} : { examples }) };
  if (spec.kind === "dataFrame" && type === "text/csv")
    return { schema: { type: "string", description: csvText(spec) } };
  if (spec.kind === "text")
    return { schema: { type: "string", ...(spec.maxLength === null ? {} : { maxLength: spec.maxLength }) } };
  // A body that is bytes has a schema without a type: OpenAPI 3.1.0, "Considerations for File Uploads".
  return {
    schema: { contentMediaType: type, ...(spec.kind === "tensor" ? { description: rawTensorText(spec) } : {}) },
  };
}

function csvText({ columns, extra }: DataFrameSpec): string {
  const names = Object.entries(columns).map(
    ([name, { type, nullable }]) => `\`${name}\` (${type}${nullable === true ? ", may be empty" : ""})`,
  );
  return `A header line with the names of the columns, then a line for each row. Columns, in any order: ${names.join(", ")}.${extra === "ignore" ? " Others are ignored." : ""}`;
}

function rawTensorText({ dtype, shape }: TensorSpec): string {
  const sizes = shape.map((size) => size ?? "n").join(", ");
  return `The elements as they stand in memory: ${dtype}, little-endian, row by row, shape [${sizes}].`;
}
