import type { AccessExplanation } from "@bento-ts/runtime/server";
import { columns, type createPaint, printable } from "../output.ts";

type Paint = ReturnType<typeof createPaint>;

/** An explanation as a person reads it. */
export function explanationLines(
  explanation: AccessExplanation,
  { api, paint }: { readonly api: string; readonly paint: Paint },
): readonly string[] {
  const { allowed, steps, rules, principal, code, reason, http, grpc } = explanation;
  const mark = (ok: boolean): string => (ok ? "ok" : "fail");
  const ruleRows = rules.map(({ clause, matched, keys }) => [
    clause,
    matched ? "matches" : "does not match",
    keys.map(({ key, holds }) => `${key} ${holds ? "holds" : "does not hold"}`).join(", "),
  ]);
  return [
    ...columns(steps.map(({ step, ok, detail }) => [step, mark(ok), printable(detail)])),
    ...(principal === undefined || principal.claims.length === 0
      ? []
      : [`claims: ${printable(principal.claims.join(", "))}`]),
    ...columns(
      ruleRows.map((row) => row.map(printable)),
      "  ",
    ),
    allowed
      ? paint.green(`allowed: ${api} answers`)
      : paint.red(`denied: REST ${http}, gRPC ${grpc} (${code})${reason === undefined ? "" : `, ${reason}`}`),
  ];
}
