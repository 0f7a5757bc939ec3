import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import { type ExamplePlace, type ExampleResult, runExample } from "./run-example.ts";

/** Number of golden examples that a service has. */
export function countExamples({ apis }: ServiceDefinition): number {
  return apis.reduce((sum, { examples }) => sum + examples.length, 0);
}

/** Runs every golden example of a service, one after the other. Throws what the abort signal says; what an example says is in its result. */
export async function runExamples(
  definition: ServiceDefinition,
  place: ExamplePlace,
): Promise<readonly ExampleResult[]> {
  const results: ExampleResult[] = [];
  for (const api of definition.apis) {
    for (const example of api.examples) {
      results.push(await runExample(api, example, place));
      place.signal?.throwIfAborted();
    }
  }
  return results;
}
