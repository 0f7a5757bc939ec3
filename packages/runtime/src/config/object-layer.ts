import type { Problem } from "../errors.ts";
import { isKeyPath, SECTION_PATHS } from "./keys.ts";
import type { Given, Layer, LayerName } from "./layer.ts";
import { isPlainObject } from "./plain-object.ts";
import { describeValue } from "../describe-value.ts";
import { unknownKeyMessage } from "./unknown-key.ts";

/**
 * Reads the nested form of the configuration (YAML, `@service({ config })`) as a layer.
 *
 * `whereOf` names the place of a key in its source. Goes no deeper than keys do: a tree that holds itself is refused, not followed.
 */
export function objectLayer(name: LayerName, tree: unknown, whereOf: (segments: readonly string[]) => string): Layer {
  const given: Given[] = [];
  const problems: Problem[] = [];
  const problem = (segments: readonly string[], message: string): Problem =>
    // The top has no path: its source is all there is to name.
    segments.length === 0
      ? { path: whereOf([]), message }
      : { path: segments.join("."), message: `${message} (${whereOf(segments)})` };
  const visit = (node: unknown, segments: readonly string[]): void => {
    // A section without content (`server:`) says nothing.
    if (node === null || node === undefined) return;
    if (!isPlainObject(node)) {
      problems.push(problem(segments, `expected a mapping of keys, got ${describeValue(node)}`));
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      const inner = [...segments, key];
      const path = inner.join(".");
      if (key.includes(".")) problems.push(problem(inner, "unknown key; keys are nested, not written with dots"));
      else if (isKeyPath(path)) given.push({ path, value, where: whereOf(inner) });
      else if (SECTION_PATHS.includes(path)) visit(value, inner);
      else problems.push(problem(inner, unknownKeyMessage(path)));
    }
  };
  visit(tree, []);
  return { name, given, problems, warnings: [] };
}
