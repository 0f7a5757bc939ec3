import type { JsonSchema } from "../io/types.ts";
import { envNameOf } from "./env-name.ts";
import { KEY_PATHS, KEYS, type KeyPath } from "./keys.ts";

/** JSON Schema of `bento.yaml` and of the file of `--config`, for editors. */
export function configJsonSchema(): JsonSchema {
  return {
    // Draft 7, not 2020-12: it is what the YAML plug-ins of editors know, and none of its keywords changed meaning.
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "bento-ts configuration",
    ...sectionSchema(""),
  };
}

function sectionSchema(section: string): JsonSchema {
  const prefix = section === "" ? "" : `${section}.`;
  const properties: Record<string, JsonSchema> = {};
  for (const path of KEY_PATHS.filter((known) => known.startsWith(prefix))) {
    const name = path.slice(prefix.length).split(".")[0] ?? "";
    properties[name] ??= path === prefix + name ? keySchema(path) : sectionSchema(prefix + name);
  }
  return { type: "object", additionalProperties: false, properties };
}

function keySchema(path: KeyPath): JsonSchema {
  const { type, doc, default: preset } = KEYS[path];
  return { ...type.schema, description: `${doc} Takes ${type.label}. Variable: ${envNameOf(path)}.`, default: preset };
}
