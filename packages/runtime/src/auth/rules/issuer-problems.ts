import type { Access, AllowRule } from "../../definition/access/types.ts";
import type { Problem } from "../../errors.ts";
import { parseClaimPath } from "../claim-path.ts";

/**
 * Rules that let callers in by what several issuers could each say of their own, such as a group or an e-mail address, without saying which of them may.
 *
 * Source: security.md A3.
 */
export function issuerProblems({ allow = [] }: Access, path: string): readonly Problem[] {
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

function ambiguousKey({ groups, claim }: AllowRule): string | undefined {
  if (groups !== undefined) return "groups";
  if (claim === undefined) return undefined;
  const [first, ...rest] = parseClaimPath(claim);
  return rest.length === 0 && first !== undefined && NAMING.has(first) ? "claim" : undefined;
}

function mayBeToken({ methods }: AllowRule): boolean {
  return methods === undefined || methods.includes("oidc");
}
