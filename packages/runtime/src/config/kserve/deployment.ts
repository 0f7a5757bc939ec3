import type { Variables } from "../env-layer.ts";
import type { Outcome } from "../key-types.ts";
import { KEYS } from "../keys.ts";
import { isSeldonDeployment } from "../seldon/unit.ts";

/** What is known of the deployment when KServe runs this process. */
export interface KServeDeployment {
  /** Whether KServe's variables or flags are there: then its probes ask without credentials, and metrics are on the REST port too. */
  readonly isDeployed: boolean;
}

/** Variables of KServe and of the servers that its runtimes start. A Seldon operator sets those of MLServer beside its own. */
const VARIABLES = [
  "MLSERVER_HTTP_PORT",
  "MLSERVER_GRPC_PORT",
  "MLSERVER_METRICS_PORT",
  "MLSERVER_MODEL_NAME",
  "MLSERVER_MODEL_URI",
  "STORAGE_URI",
] as const;

/** Tells whether KServe started this process, by its variables or by flags that only its runtimes give. */
export function readKServe(env: Variables, { hasFlags }: { readonly hasFlags: boolean }): KServeDeployment {
  const hasVariables = VARIABLES.some((name) => (env[name] ?? "") !== "") && !isSeldonDeployment(env);
  return Object.freeze({ isDeployed: hasFlags || hasVariables });
}

/** The place of models, which a storage initializer has put on this machine by now; also as `file://` URL. */
export function readModelUri(text: string): Outcome<unknown> {
  return KEYS.modelDir.type.fromText(text.replace(/^file:\/\/(?=\/)/, ""));
}
