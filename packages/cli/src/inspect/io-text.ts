import type { IoSpec, JsonValue } from "@bento-ts/runtime/definition";

/** An IO type in a line: its kind and what it holds. */
export function ioText(spec: IoSpec): string {
  switch (spec.kind) {
    case "json":
      return `JSON: ${schemaText(spec.schema, 0)}`;
    case "dataFrame":
      return `data frame "${spec.key}": ${Object.entries(spec.columns)
        .map(([name, { type, nullable }]) => `${name} ${type}${nullable === true ? "?" : ""}`)
        .join(", ")}`;
    case "tensor":
      return tensorText(spec);
    case "tensors":
      return Object.entries(spec.tensors)
        .map(([name, tensor]) => `${name}: ${tensorText(tensor)}`)
        .join("; ");
    case "image": {
      const size = spec.size === null ? "its own size" : `${spec.size.height ?? "?"}×${spec.size.width ?? "?"} pixels`;
      return `image (${spec.formats.join(", ")}) → ${spec.dtype} ${spec.layout} ${spec.channels}, ${size}`;
    }
    case "file":
      return `file (${spec.mediaTypes.length === 0 ? "any" : spec.mediaTypes.join(", ")})`;
    case "text":
      return spec.maxLength === null ? "text" : `text of at most ${spec.maxLength} characters`;
    case "bytes":
      return `bytes (${spec.mediaType})`;
    case "multipart":
      return `form: ${Object.entries(spec.fields)
        .map(([name, field]) => `${name}${field.required ? "" : "?"} ${ioText(field.spec)}`)
        .join("; ")}`;
    case "list":
      return `list of ${ioText(spec.items)}`;
  }
}

function tensorText({ dtype, shape }: { readonly dtype: string; readonly shape: readonly (number | null)[] }): string {
  return `${dtype} [${shape.map((size) => size ?? "?").join(", ")}]`;
}

/** Below this a type is named, not spelt out. */
const MAX_DEPTH = 3;

function schemaText(schema: JsonValue | undefined, depth: number): string {
  if (typeof schema !== "object" || schema === null || !isRecord(schema)) return "anything";
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const choices = schema["anyOf"] ?? schema["oneOf"] ?? schema["enum"];
  if (Array.isArray(choices)) {
    const words = choices.map((choice: JsonValue) =>
      schema["enum"] === undefined ? schemaText(choice, depth + 1) : JSON.stringify(choice),
    );
    return words.join(" | ");
  }
  const { type, items, properties, required } = schema;
  if (type === "array") return `list of ${depth < MAX_DEPTH ? schemaText(items, depth + 1) : "…"}`;
  if (type === "object" && isRecord(properties)) {
    if (depth >= MAX_DEPTH) return "{ … }";
    const needed = Array.isArray(required) ? required : [];
    const members = Object.entries(properties).map(
      ([name, value]) => `${name}${needed.includes(name) ? "" : "?"}: ${schemaText(value, depth + 1)}`,
    );
    return `{ ${members.join(", ")} }`;
  }
  return typeof type === "string" ? type : Array.isArray(type) ? type.join(" | ") : "anything";
}

function isRecord(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
