import type { JsonSchema, JsonValue } from "../types.ts";
import { isSchema } from "./json-schema.ts";
import { compileSchema } from "./typebox.ts";

/** Lists up to this length are looked at whole. */
const SHORT_LIST = 1000;
/** Faulty items kept of a long list. */
const MAX_FAULTY = 20;

/**
 * Makes a function that drops from long lists the items that are right, so that collecting errors does not cost a second for a million of them.
 *
 * What is left stands at its own index: the dropped ones are holes, which error collection skips. Lists whose items are judged together stay whole.
 */
export function createThinner(schema: JsonSchema): (value: unknown) => unknown {
  // Parts can't be compiled on their own when they point to others.
  if (JSON.stringify(schema).includes('"$ref"')) return (value) => value;
  return thinner(schema);
}

function thinner(schema: JsonValue | undefined): (value: unknown) => unknown {
  if (!isSchema(schema)) return (value) => value;
  const { items, properties } = schema;
  if (isSchema(items) && !("uniqueItems" in schema || "contains" in schema || "prefixItems" in schema))
    return listThinner(items);
  return isSchema(properties) ? objectThinner(properties) : (value) => value;
}

function listThinner(items: JsonSchema): (value: unknown) => unknown {
  let fits: ((value: unknown) => boolean) | undefined;
  let thinItem: ((value: unknown) => unknown) | undefined;
  return (value) => {
    if (!Array.isArray(value)) return value;
    thinItem ??= thinner(items);
    if (value.length <= SHORT_LIST) {
      const thinned = value.map(thinItem);
      return thinned.some((item, index) => item !== value[index]) ? thinned : value;
    }
    fits ??= compile(items);
    const suspects: unknown[] = [];
    suspects.length = value.length;
    let faulty = 0;
    for (let index = 0; index < value.length && faulty < MAX_FAULTY; index++) {
      if (fits(value[index])) continue;
      suspects[index] = thinItem(value[index]);
      faulty += 1;
    }
    return suspects;
  };
}

function compile(schema: JsonSchema): (value: unknown) => boolean {
  const compiled = compileSchema(schema);
  return (value) => compiled.Check(value);
}

function objectThinner(properties: JsonSchema): (value: unknown) => unknown {
  const thinners = Object.entries(properties).map(([key, property]) => [key, thinner(property)] as const);
  return (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    const changed = new Map<string, unknown>();
    for (const [key, thin] of thinners) {
      const item: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
      const thinned = thin(item);
      if (thinned !== item) changed.set(key, thinned);
    }
    // Most need no copy, and a caller may send a million members.
    return changed.size === 0 ? value : Object.fromEntries([...Object.entries(value), ...changed]);
  };
}
