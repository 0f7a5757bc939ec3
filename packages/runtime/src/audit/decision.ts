import type { ErrorCode } from "../error-table.ts";
import type { RefusalReason, ServingError } from "../errors.ts";

/** What became of a call: it was answered, its caller was refused, or it failed. */
export type Decision = "allow" | "deny" | "error";

/** Why, for whoever is refused or failed: a closed list, fit for labels of metrics. */
export type DecisionReason = RefusalReason | ErrorCode;

/** A refusal with a reason is about its caller, unless it is the server that can't decide, such as one that has no keys. Source: security.md A4, A11. */
export function decisionOf(error: ServingError | undefined): Decision {
  if (error === undefined) return "allow";
  if (error.code === "UNAUTHENTICATED" || error.code === "PERMISSION_DENIED") return "deny";
  return error.reason !== undefined && error.code !== "UNAVAILABLE" ? "deny" : "error";
}

/** The reason of a refusal where there is one, else the error's code. */
export function reasonOf(error: ServingError): DecisionReason {
  return error.reason ?? error.code;
}
