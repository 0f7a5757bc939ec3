import type { ApiDefinition, ExampleValue } from "../../definition/types.ts";
import type { JsonValue } from "../../io/types.ts";
import type { JsonObject } from "./json-object.ts";

/** Examples of one API as Example Objects by name, and what could not be shown. */
export interface ShownExamples {
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
  /** One sentence for each value that is left out. */
  readonly notes: readonly string[];
}

/** Larger values would make the page slow and tell nothing more. */
const MAX_EXAMPLE_BYTES = 64 * 1024;

/** Gathers the examples of an API; names that two share are numbered. */
export function showExamples(
  api: ApiDefinition,
  files: Readonly<Record<string, JsonValue | undefined>>,
): ShownExamples {
  const inputs = new Map<string, JsonValue>();
  const outputs = new Map<string, JsonValue>();
  const notes: string[] = [];
  for (const [index, example] of api.examples.entries()) {
    const name = inputs.has(example.name) ? `${example.name} (${index + 1})` : example.name;
    const show = (into: Map<string, JsonValue>, side: string, value: ExampleValue): void => {
      const found = look(value, files);
      if ("value" in found) into.set(name, { value: found.value });
      else notes.push(`The ${side} of example "${name}" is not shown here: ${found.reason}.`);
    };
    show(inputs, "input", example.input);
    if (example.output !== null) show(outputs, "output", example.output);
  }
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs), notes };
}

function look(
  example: ExampleValue,
  files: Readonly<Record<string, JsonValue | undefined>>,
): { readonly value: JsonValue } | { readonly reason: string } {
  const file = "file" in example ? example.file : undefined;
  const value =
    "file" in example ? (Object.hasOwn(files, example.file) ? files[example.file] : undefined) : example.json;
  if (value === undefined) return { reason: `see ${file ?? "the service"}` };
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= MAX_EXAMPLE_BYTES) return { value };
  return { reason: `it has ${Math.ceil(bytes / 1024)} KiB${file === undefined ? "" : `, see ${file}`}` };
}
