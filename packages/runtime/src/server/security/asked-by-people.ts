import type { Examination } from "./doctor/examine-server.ts";
import type { AccessExplanation, AccessQuestion } from "./explain-access.ts";
import type { ListedRoute, ServerPlan } from "./list-routes.ts";

// A server's start must not load what only people at a terminal ask for.

/** `explainAccess` of explain-access.ts. */
export async function explainAccess(
  plan: Pick<ServerPlan, "config" | "definition">,
  question: AccessQuestion,
): Promise<AccessExplanation> {
  return (await import("./explain-access.ts")).explainAccess(plan, question);
}

/** `examineServer` of doctor/examine-server.ts. */
export async function examineServer(plan: ServerPlan, nowMs: number): Promise<Examination> {
  return (await import("./doctor/examine-server.ts")).examineServer(plan, nowMs);
}

/** `knownRoutes` of doctor/known-routes.ts. */
export async function knownRoutes(): Promise<readonly ListedRoute[]> {
  return (await import("./doctor/known-routes.ts")).knownRoutes();
}
