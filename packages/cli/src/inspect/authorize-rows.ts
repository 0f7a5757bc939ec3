import type { Authorize, DenyRule } from "@bento-ts/runtime/definition";
import { printable } from "../output.ts";

/** Rows that tell whom an API's rules let in: a rule a line, in the order in which they are looked at. */
export function authorizeRows(authorize: Authorize | null): readonly (readonly [string, string])[] {
  if (authorize === null) return [["callers", "whom the platform lets in"]];
  if (authorize === "public")
    return [["callers", "everybody, where security.authorOverridable lets the author say so"]];
  const { deny, allow } = authorize;
  if (deny === undefined && allow === undefined) return authorizeRows(null);
  return [...listRows("deny", deny, "everybody"), ...listRows("allow", allow, "nobody")];
}

function listRows(
  name: "allow" | "deny",
  rules: readonly DenyRule[] | undefined,
  whenEmpty: string,
): readonly (readonly [string, string])[] {
  if (rules === undefined) return [];
  return rules.length === 0 ? [[name, whenEmpty]] : rules.map((rule) => [name, printable(ruleText(rule))]);
}

/** A rule in its own words: `groups ml, staff; claim /email; anyOf a@example.com`. */
function ruleText(rule: DenyRule): string {
  return Object.entries(rule)
    .map(([key, value]: [string, unknown]) => `${key} ${valueText(key, value)}`)
    .join("; ");
}

function valueText(key: string, value: unknown): string {
  if (!Array.isArray(value)) return typeof value === "string" ? value : JSON.stringify(value);
  // A path as names; texts that look like other types keep their quotes.
  if (key === "claim") return JSON.stringify(value);
  return value.map((item: unknown) => (isPlainWord(item) ? item : JSON.stringify(item))).join(", ");
}

/** A text that can't be taken for a number, a boolean or several texts. */
function isPlainWord(value: unknown): value is string {
  return typeof value === "string" && /^[^\s,;"]+$/.test(value) && !/^(?:true|false|null|-?\d.*)$/.test(value);
}
