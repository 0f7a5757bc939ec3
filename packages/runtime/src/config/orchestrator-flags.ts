import type { KeyPath } from "./keys.ts";

interface OrchestratorFlagRow {
  readonly key: KeyPath;
  /** As `parseArgs` of node:util wants it. */
  readonly type: "string";
  readonly doc: string;
}

/** Flags as KServe's ServingRuntimes write them; they say what the orchestrator's variables say, and count after those. */
export const ORCHESTRATOR_FLAGS = {
  model_name: { key: "server.modelName", type: "string", doc: "as --model-name, for KServe's runtimes" },
  model_dir: { key: "modelDir", type: "string", doc: "where KServe has put the models" },
  http_port: { key: "server.port", type: "string", doc: "as --port, for KServe's runtimes" },
  grpc_port: { key: "server.grpcPort", type: "string", doc: "as --grpc-port, for KServe's runtimes" },
} as const satisfies Record<string, OrchestratorFlagRow>;

/** Name of such a flag, without its dashes. */
export type OrchestratorFlag = keyof typeof ORCHESTRATOR_FLAGS;

/** Flags as `parseArgs` gives them. */
export type OrchestratorFlags = { readonly [F in OrchestratorFlag]?: string | undefined };

/** The names of the flags. */
export const ORCHESTRATOR_FLAG_NAMES = Object.keys(ORCHESTRATOR_FLAGS) as readonly OrchestratorFlag[];
