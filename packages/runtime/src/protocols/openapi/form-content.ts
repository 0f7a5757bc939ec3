import { consumesOf } from "../../io/media.ts";
import { jsonSchemaOf } from "../../io/schema.ts";
import type { IoSpec, NanPolicy } from "../../io/types.ts";
import type { JsonObject } from "./json-object.ts";
import { mediaTypesOf } from "./media-types.ts";
import { type Components, toComponentName } from "./to-components.ts";

export interface FormContext {
  readonly components: Components;
  /** Name of the API, for the names of its fields' schemas. */
  readonly name: string;
  /** What the API does with NaN and infinities. */
  readonly nan: NanPolicy;
}

/** The Media Type Object of a form: its fields, those with bytes as files, and the media types that each may have. */
export function formContent(input: IoSpec, context: FormContext): JsonObject {
  const fields = Object.entries(fieldsOf(input));
  const required = fields.filter(([, field]) => field.required).map(([name]) => name);
  return {
    schema: {
      type: "object",
      ...(required.length === 0 ? {} : { required }),
      properties: Object.fromEntries(fields.map(([name, { spec }]) => [name, fieldSchema(spec, name, context)])),
    },
    encoding: Object.fromEntries(fields.map(([name, { spec }]) => [name, { contentType: partTypes(spec).join(", ") }])),
  };
}

/** The fields of a form; a form for a single file has one field, whose name does not matter. */
function fieldsOf(input: IoSpec): Readonly<Record<string, { readonly spec: IoSpec; readonly required: boolean }>> {
  return input.kind === "multipart" ? input.fields : { [input.kind]: { spec: input, required: true } };
}

/** Media types that a part may have. Bytes and texts stand in a form as they are, never as JSON; a tensor never as raw bytes. */
function partTypes(spec: IoSpec): readonly string[] {
  const types = mediaTypesOf(spec, consumesOf(spec)).filter((type) => type !== "multipart/form-data");
  switch (spec.kind) {
    case "image":
      return types.filter((type) => type.startsWith("image/"));
    case "file":
    case "bytes":
    case "text":
      return types.filter((type) => type !== "application/json");
    case "json":
      return spec.schema["type"] === "string" ? ["text/plain"] : types;
    case "tensor":
      return ["application/json"];
    case "dataFrame":
    case "tensors":
    case "multipart":
    case "list":
      return types;
  }
}

function fieldSchema(spec: IoSpec, field: string, { components, name, nan }: FormContext): JsonObject {
  if (spec.kind === "text")
    return { type: "string", ...(spec.maxLength === null ? {} : { maxLength: spec.maxLength }) };
  if (spec.kind === "image" || spec.kind === "file" || spec.kind === "bytes") {
    const types = partTypes(spec);
    const [first = "application/octet-stream"] = types;
    const any = types.includes("*/*") ? "A file of any type." : `A file: ${types.join(", ")}.`;
    return { type: "string", contentMediaType: first, description: any };
  }
  return components.add(`${name}${toComponentName(field)}`, jsonSchemaOf(spec, "input", nan));
}
