import type { Problem } from "../errors.ts";
import { KEYS, type KeyPath } from "./keys.ts";
import { type Layer, type LayerName, valueProblem } from "./layer.ts";
import { isPlainObject } from "./plain-object.ts";

/** One value for each key that a layer gives, not read yet, and the layer that decided it. */
export interface Merged {
  readonly values: ReadonlyMap<KeyPath, unknown>;
  readonly sources: Readonly<Record<string, LayerName>>;
}

/** Everything that is wrong in any layer, overridden values too: they would surprise on the day the override goes. */
export function problemsOf(layers: readonly Layer[]): readonly Problem[] {
  return layers.flatMap((layer) => [
    ...layer.problems,
    ...layer.given.flatMap((given) => {
      const outcome = KEYS[given.path].type.read(given.value);
      return outcome.ok ? [] : outcome.faults.map((fault) => valueProblem(given, fault));
    }),
  ]);
}

/** Puts layers without problems together, highest first: the first to name a key decides it, mappings are joined name by name. */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const values = new Map<KeyPath, unknown>();
  const sources: Record<string, LayerName> = {};
  for (const { name, given } of layers) {
    for (const { path, value } of given) {
      sources[path] ??= name;
      if (KEYS[path].type.mergesEntries && isPlainObject(value)) {
        const higher = values.get(path);
        for (const entry of Object.keys(value)) sources[`${path}.${entry}`] ??= name;
        values.set(path, { ...value, ...(isPlainObject(higher) ? higher : {}) });
      } else if (!values.has(path)) values.set(path, value);
    }
  }
  return { values, sources };
}
