import { type Authorize, type DenyRule, ruleText } from "@bento-ts/runtime/definition";
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
