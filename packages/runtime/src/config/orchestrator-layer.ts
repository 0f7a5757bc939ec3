import type { Variables } from "./env-layer.ts";
import type { KeyPath } from "./keys.ts";
import type { Layer } from "./layer.ts";
import { readTexts } from "./text-values.ts";

interface OrchestratorRow {
  readonly variable: string;
  readonly key: KeyPath;
  readonly setBy: string;
}

/** Variables by which platforms say where to listen; of two that set one key the earlier counts. They never set security. */
export const ORCHESTRATOR_VARIABLES = [
  { variable: "PORT", key: "server.port", setBy: "Knative, Cloud Run, Heroku and others" },
] as const satisfies readonly OrchestratorRow[];

/** The layer of the orchestrator's variables; an empty one counts as not set. */
export function orchestratorLayer(env: Variables): Layer {
  const texts = ORCHESTRATOR_VARIABLES.flatMap(({ variable, key }) => {
    const text = env[variable];
    return text === undefined || text === "" ? [] : [{ path: key, text, where: variable }];
  });
  return { name: "orchestrator", ...readTexts(texts), warnings: [] };
}
