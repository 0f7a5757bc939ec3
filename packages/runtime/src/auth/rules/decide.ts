import type { Access } from "../../definition/access/types.ts";
import { type Clause, compileRule, type Subject } from "./compile-rule.ts";

/** Rules of one owner, made ready. */
export interface CompiledAccess {
  /** Who wrote them: the first word of a decision's clause. */
  readonly owner: "platform" | "author";
  readonly deny: readonly (readonly Clause[])[] | undefined;
  readonly allow: readonly (readonly Clause[])[] | undefined;
}

/** What was decided, and by which clause: `author.allow[0]`, `platform.deny[2]`; `author.allow` where no rule of the list matched or the list is empty. */
export interface Decision {
  readonly allowed: boolean;
  readonly clause: string;
}

/** Told of each rule that was looked at, with its keys in their order up to the first that did not hold. */
export type Trace = (step: {
  readonly clause: string;
  readonly matched: boolean;
  readonly keys: readonly { readonly key: string; readonly holds: boolean }[];
}) => void;

/** Makes rules ready; what `accessProblems` finds fault with must not come here. */
export function compileAccess(owner: CompiledAccess["owner"], { allow, deny }: Access): CompiledAccess {
  return {
    owner,
    deny: deny?.map((rule) => compileRule(rule, "deny")),
    allow: allow?.map((rule) => compileRule(rule, "allow")),
  };
}

/**
 * Decides whether a caller may call by the rules of every owner: each must allow. Denials first, in each; a rule that can't be decided denies.
 *
 * Source: security.md A1.2 and A3.
 */
export function decide(owners: readonly CompiledAccess[], subject: Subject, trace?: Trace): Decision {
  let clause = "default";
  for (const access of owners) {
    const decision = decideBy(access, subject, trace);
    if (!decision.allowed) return decision;
    if (decision.clause !== "default") ({ clause } = decision);
  }
  return { allowed: true, clause };
}

function decideBy({ owner, deny, allow }: CompiledAccess, subject: Subject, trace: Trace | undefined): Decision {
  if (deny !== undefined) {
    const hit = findMatch(deny, subject, { list: `${owner}.deny`, onError: true, trace });
    if (hit !== undefined) return { allowed: false, clause: `${owner}.deny[${hit}]` };
    if (deny.length === 0) return { allowed: false, clause: `${owner}.deny` };
  }
  if (allow === undefined) return { allowed: true, clause: "default" };
  const hit = findMatch(allow, subject, { list: `${owner}.allow`, onError: false, trace });
  return hit === undefined
    ? { allowed: false, clause: `${owner}.allow` }
    : { allowed: true, clause: `${owner}.allow[${hit}]` };
}

interface Look {
  readonly list: string;
  /** What a rule counts for that can't be decided. */
  readonly onError: boolean;
  readonly trace: Trace | undefined;
}

function findMatch(rules: readonly (readonly Clause[])[], subject: Subject, look: Look): number | undefined {
  const index = rules.findIndex((clauses, at) => {
    const keys: { key: string; holds: boolean }[] = [];
    const matched = matches(clauses, subject, look.onError, look.trace === undefined ? undefined : keys);
    look.trace?.({ clause: `${look.list}[${at}]`, matched, keys });
    return matched;
  });
  return index < 0 ? undefined : index;
}

function matches(
  clauses: readonly Clause[],
  subject: Subject,
  onError: boolean,
  keys: { key: string; holds: boolean }[] | undefined,
): boolean {
  try {
    return clauses.every(({ key, holds }) => {
      const result = holds(subject);
      keys?.push({ key, holds: result });
      return result;
    });
  } catch {
    return onError;
  }
}
