import type { ServiceDefinition } from "../definition/types.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { Problem } from "../errors.ts";
import type { Checker } from "../io/json/check-value.ts";
import type { JsonSchema } from "../io/types.ts";
import { refusedConfig } from "./refused-config.ts";
import type { Config } from "./types.ts";

/**
 * Checks the configured parameters against what a service declares.
 *
 * Throws FAILED_PRECONDITION that names each parameter that is unknown, missing or of another type.
 */
export async function assertParameters(
  { name, parameters: schema }: Pick<ServiceDefinition, "name" | "parameters">,
  given: Config["parameters"],
): Promise<void> {
  const names = Object.keys(given);
  if (schema === null && names.length === 0) return;
  const unknown = names.filter((parameter) => !declaredNames(schema).includes(parameter));
  const problems: Problem[] = unknown.map((parameter) => ({
    path: `parameters.${parameter}`,
    message: `service "${name}" has no such parameter${didYouMean(parameter, declaredNames(schema)) || hasOnly(schema)}`,
  }));
  if (schema !== null) {
    const { items } = (await createSchemaChecker(schema)).problems(given);
    for (const { path, message } of items) {
      if (!unknown.includes(path.slice(1))) problems.push({ path: `parameters${path.replaceAll("/", ".")}`, message });
    }
  }
  if (problems.length > 0) throw refusedConfig(problems);
}

function declaredNames(schema: JsonSchema | null): readonly string[] {
  return Object.keys(schema?.["properties"] ?? {});
}

function hasOnly(schema: JsonSchema | null): string {
  const names = declaredNames(schema);
  return names.length === 0 ? ": it has none" : `: it has ${names.join(", ")}`;
}

async function createSchemaChecker(schema: JsonSchema): Promise<Checker> {
  // Loaded for services that have parameters only: a compiler of schemas is slow to load.
  const [{ createChecker }, { compileSchema }] = await Promise.all([
    import("../io/json/check-value.ts"),
    import("../io/json/typebox.ts"),
  ]);
  const compiled = compileSchema(schema);
  return createChecker({
    schema,
    fits: (value) => compiled.Check(value),
    errors: (value) => compiled.Errors(value)[1],
  });
}
