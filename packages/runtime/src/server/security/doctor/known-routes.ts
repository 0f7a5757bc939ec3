import { loadConfig } from "../../../config/index.ts";
import { defineService } from "../../../definition/define-service.ts";
import { type ListedRoute, listAccess } from "../list-routes.ts";
import { openAccess } from "../open-access.ts";

/** The routes that servers have of which nothing is known: those of every protocol, of a service with one function `predict`, and the metrics that KServe's scrapers ask for. */
export async function knownRoutes(): Promise<readonly ListedRoute[]> {
  const json = { kind: "json", schema: {} } as const;
  const definition = defineService({ name: "model", apis: [{ name: "predict", input: json, output: json }] });
  const { config } = await loadConfig({ env: {} });
  const { kserve } = config;
  const plan = { config: { ...config, kserve: { ...kserve, isDeployed: true } }, definition };
  const events = { reloaded: ignore, linesLeftOut: ignore, keysLoaded: ignore, keysFailed: ignore };
  const access = await openAccess({ ...plan, events, failedAttempts: undefined });
  access.close();
  // A way of authentication would need files or an issuer; what matters is that its callers are asked.
  return listAccess(plan, { ...access, servesAnonymous: false }).routes;
}

function ignore(): void {
  // Nothing is watched.
}
