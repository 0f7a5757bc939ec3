import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { JsonValue, ServiceDefinition } from "@bento-ts/runtime/definition";

/** The JSON files that a service's examples name, by path as it is written there; one that can't be read is left out and the document names it instead. */
export async function readExampleFiles(
  definition: ServiceDefinition,
  baseDir: string,
): Promise<Readonly<Record<string, JsonValue>>> {
  const values = definition.apis.flatMap(({ examples }) => examples.flatMap(({ input, output }) => [input, output]));
  const files = values.flatMap((value) => (value !== null && "file" in value ? [value.file] : []));
  const found: Record<string, JsonValue> = {};
  for (const file of new Set(files)) {
    if (extname(file).toLowerCase() !== ".json") continue;
    const value = await readFile(join(baseDir, file), "utf8").then(parseJson, () => undefined);
    if (value !== undefined) found[file] = value;
  }
  return found;
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
