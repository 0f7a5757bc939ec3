import type { Access, AllowRule, DenyRule } from "../../definition/access/types.ts";
import type { Problem } from "../../errors.ts";
import { parseClaimPath } from "../claim-path.ts";
import { KEY_NAME } from "../key-name.ts";

/**
 * Rules that mean something else than they say since there are several issuers: that let callers in by what each could say of its own, such as a group, an e-mail
 * address or the end of a name, without saying which of them may; and that keep a name out which no caller has, since names begin with their issuer's prefix.
 *
 * Source: security.md A2, A3.
 */
export function issuerProblems(access: Access, path: string, prefixes: readonly string[]): readonly Problem[] {
  return prefixes.length < 2 ? [] : [...ambiguousRules(access, path), ...idleRules(access, path, prefixes)];
}

function ambiguousRules({ allow = [] }: Access, path: string): readonly Problem[] {
  return allow.flatMap((rule, index) => {
    const key = ambiguousKey(rule);
    return key === undefined || rule.issuer !== undefined || !mayBeToken(rule)
      ? []
      : [
          {
            path: `${path}.allow[${index}]`,
            message: `expected "issuer" beside "${key}": several issuers are configured, and each could say so of its own callers`,
          },
        ];
  });
}

/** Claims that each issuer gives out as it likes, and that name people. */
const NAMING: ReadonlySet<string> = new Set(["sub", "email", "groups"]);

function ambiguousKey({ groups, claim, principals }: AllowRule): string | undefined {
  if (groups !== undefined) return "groups";
  // The end of a name is the issuer's to choose, whatever its prefix.
  if (principals?.some((name) => name.startsWith("*") && name !== "*") === true) return "principals";
  if (claim === undefined) return undefined;
  const [first, ...rest] = parseClaimPath(claim);
  return rest.length === 0 && first !== undefined && NAMING.has(first) ? "claim" : undefined;
}

/** A rule that would keep somebody out and never does would be found out by nobody. */
function idleRules({ deny = [] }: Access, path: string, prefixes: readonly string[]): readonly Problem[] {
  return deny.flatMap((rule, index) => {
    const idle = mayBeToken(rule)
      ? [rule.principals ?? []].flat().find((name) => !mayBegin(name, prefixes))
      : undefined;
    if (idle === undefined) return [];
    const message = `expected the name with its issuer, as ${JSON.stringify(prefixes[0] + idle)}, or ${JSON.stringify(`*#${idle}`)}, or "methods" beside it: several issuers are configured, and names of their callers begin with them`;
    return [{ path: `${path}.deny[${index}].principals`, message }];
  });
}

/** Whether a name, or one with a wildcard, may be that of a caller with a token, or is plainly that of another kind of caller. */
function mayBegin(name: string, prefixes: readonly string[]): boolean {
  if (name.startsWith("*") || name.startsWith(KEY_NAME) || name.startsWith("spiffe://")) return true;
  const begin = name.endsWith("*") ? name.slice(0, -1) : undefined;
  return prefixes.some((prefix) => name.startsWith(prefix) || (begin !== undefined && prefix.startsWith(begin)));
}

function mayBeToken({ methods }: DenyRule): boolean {
  return methods === undefined || methods.includes("oidc");
}
