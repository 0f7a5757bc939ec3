import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceDefinition } from "../definition/types.ts";
import type { JsonValue } from "../io/types.ts";

/** Contents of the JSON files that a service's examples name, by path; files that are no JSON or can't be read are left out: documentation does without them. */
export async function readExampleFiles(
  definition: ServiceDefinition,
  baseDir: string,
): Promise<Readonly<Record<string, JsonValue>>> {
  const values = definition.apis.flatMap((api) => api.examples.flatMap((example) => [example.input, example.output]));
  const paths = new Set(
    values.flatMap((value) => (value !== null && "file" in value && value.file.endsWith(".json") ? [value.file] : [])),
  );
  const files: Record<string, JsonValue> = {};
  for (const path of paths) {
    try {
      files[path] = JSON.parse(await readFile(join(baseDir, path), "utf8")) as JsonValue;
    } catch {
      // `bento-ts test` reports an example that can't be read; a server must start without it.
    }
  }
  return files;
}
