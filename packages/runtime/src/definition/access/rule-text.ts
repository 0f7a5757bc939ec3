import type { DenyRule } from "./types.ts";

/** A rule in its own words, on one line: `groups ml, staff; claim /email; anyOf a@example.com`. */
export function ruleText(rule: DenyRule): string {
  return Object.entries(rule)
    .map(([key, value]: [string, unknown]) => `${key} ${valueText(key, value)}`)
    .join("; ");
}

function valueText(key: string, value: unknown): string {
  if (!Array.isArray(value)) return itemText(value);
  // A path as names; texts that look like other types keep their quotes.
  if (key === "claim") return JSON.stringify(value);
  return value.map(itemText).join(", ");
}

function itemText(value: unknown): string {
  return isPlainWord(value) ? value : JSON.stringify(value);
}

/** A text that can't be taken for a number, a boolean or several texts. */
function isPlainWord(value: unknown): value is string {
  return typeof value === "string" && /^[^\s,;"]+$/.test(value) && !/^(?:true|false|null|-?\d.*)$/.test(value);
}
