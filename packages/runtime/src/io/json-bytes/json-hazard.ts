import { childPath } from "../../problem-list.ts";
import type { Problem } from "../../errors.ts";

/** Deepest nesting of arrays and objects that is read. */
export const MAX_JSON_DEPTH = 64;

/** Levels of the place shown for a value that is nested too deep; all 64 would be a page. */
const SHOWN_LEVELS = 4;
const TOO_DEEP = `arrays and objects are nested more than ${MAX_JSON_DEPTH} deep`;

type JsonContainer = readonly unknown[] | Readonly<Record<string, unknown>>;

/** What is wrong, and the keys that lead there, the last of them first: nobody pays for a place that is not needed. */
interface Hazard {
  readonly message: string;
  readonly keys: (string | number)[];
}

/**
 * Finds what would harm a reader of a parsed JSON value: nesting more than 64 deep, a key `__proto__` or `constructor`; undefined when there is nothing.
 *
 * One walk over the values that are objects: 7 % of what parsing them took (500 kB of records).
 */
export function findJsonHazard(value: unknown): Problem | undefined {
  const hazard = isContainer(value) ? walk(value, 1) : undefined;
  if (hazard === undefined) return undefined;
  const keys = hazard.keys.toReversed();
  const shown = hazard.message === TOO_DEEP ? keys.slice(0, SHOWN_LEVELS) : keys;
  return { path: shown.reduce(childPath, ""), message: hazard.message };
}

function walk(value: JsonContainer, depth: number): Hazard | undefined {
  if (depth > MAX_JSON_DEPTH) return { message: TOO_DEEP, keys: [] };
  return isArray(value) ? walkArray(value, depth) : walkObject(value, depth);
}

function isArray(value: JsonContainer): value is readonly unknown[] {
  return Array.isArray(value);
}

function isContainer(value: unknown): value is JsonContainer {
  return typeof value === "object" && value !== null;
}

function walkArray(items: readonly unknown[], depth: number): Hazard | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (!isContainer(item)) continue;
    const hazard = walk(item, depth + 1);
    if (hazard !== undefined) return passOn(hazard, index);
  }
  return undefined;
}

function walkObject(members: Readonly<Record<string, unknown>>, depth: number): Hazard | undefined {
  // for…in sees own keys only: nothing enumerable is inherited by what JSON makes. It spares the list that Object.entries would build.
  for (const key in members) {
    if (key === "__proto__" || key === "constructor")
      return { message: "a key of this name is not allowed", keys: [key] };
    const member = members[key];
    if (!isContainer(member)) continue;
    const hazard = walk(member, depth + 1);
    if (hazard !== undefined) return passOn(hazard, key);
  }
  return undefined;
}

function passOn(hazard: Hazard, key: string | number): Hazard {
  hazard.keys.push(key);
  return hazard;
}
