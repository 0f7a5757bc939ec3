import { accessProblems } from "../definition/access/access-problems.ts";
import type { Access, ClaimPath, RuleValue } from "../definition/access/types.ts";
import { jsonText } from "./key-types-collections.ts";
import type { KeyType } from "./key-types.ts";

/** Rules of who may call. */
export function access(): KeyType<Access> {
  const label = 'rules such as { "allow": [{ "groups": ["team"] }] }';
  const rules = { type: "array", items: { type: "object", minProperties: 1 } };
  return {
    label,
    schema: { type: "object", additionalProperties: false, properties: { allow: rules, deny: rules } },
    fromText: jsonText(label, '{"allow":[{"groups":["team"]}]}'),
    read: (value) => {
      const problems = accessProblems(value, "");
      if (problems.length > 0)
        return { ok: false, faults: problems.map(({ path, message }) => ({ at: toPlace(path), message })) };
      // Nothing is wrong with it: it is what the type says.
      return { ok: true, value: Object.freeze(value as Access) };
    },
    mergesEntries: false,
  };
}

/** Where a claim stands. */
export function claimPath(): KeyType<ClaimPath> {
  const label = 'the name of a claim, a JSON Pointer such as "/realm_access/roles", or a list of names';
  const text = { type: "string", minLength: 1 };
  return {
    label,
    schema: { anyOf: [text, { type: "array", items: text, minItems: 1 }] },
    fromText: jsonText(label, '"/email"'),
    read: (value) => {
      if (typeof value === "string" && value !== "") return { ok: true, value };
      if (Array.isArray(value) && value.length > 0 && value.every(isText)) return { ok: true, value };
      return { ok: false, faults: [{ at: "", expected: label, got: value }] };
    },
    mergesEntries: false,
  };
}

/** Values of a claim, of which one must be there; a single one stands for a list of one. */
export function claimValues(): KeyType<readonly RuleValue[]> {
  const label = "a text, a number, true or false, or a list of such";
  const one = { type: ["string", "number", "boolean"] };
  return {
    label,
    schema: { anyOf: [one, { type: "array", items: one, minItems: 1 }] },
    fromText: jsonText(label, '["ml"]'),
    read: (value) => {
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      return values.length > 0 && values.every(isRuleValue)
        ? { ok: true, value: Object.freeze([...values]) }
        : { ok: false, faults: [{ at: "", expected: label, got: value }] };
    },
    mergesEntries: false,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRuleValue(value: unknown): value is RuleValue {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

/** `/allow/0/groups` as the place inside a value: `.allow[0].groups`. */
function toPlace(pointer: string): string {
  return pointer.replace(/\/([^/]*)/g, (_, name: string) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`));
}
