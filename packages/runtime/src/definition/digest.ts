import { createHash } from "node:crypto";
import type { ServiceDefinition } from "./types.ts";

/** SHA-256 of a definition as `sha256:<hex>`; the order of its keys does not matter, that of its lists does. */
export function digestOf(definition: ServiceDefinition): string {
  return `sha256:${createHash("sha256").update(canonicalJson(definition)).digest("hex")}`;
}

/** JSON with the keys of every object in code-unit order and no white space (after RFC 8785, numbers as JavaScript prints them). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}
