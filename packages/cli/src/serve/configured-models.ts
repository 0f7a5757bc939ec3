import { type ConfigFlags, loadConfig, type OrchestratorFlags } from "@bento-ts/runtime/config";
import { EXIT } from "../command-error.ts";
import { refuse } from "./refuse.ts";

/** What flags and variables say of models before it is known what is served. */
export interface ConfiguredModels {
  /** Where a platform has mounted models; undefined for nowhere. */
  readonly modelDir: string | undefined;
  /** Name that the platform chose for the model. */
  readonly modelName: string | undefined;
}

/** Reads what flags and variables say of models. Throws CommandError: wrong usage for flags that can't be meant, a refused configuration for anything else. */
export async function configuredModels(given: {
  readonly flags: ConfigFlags & OrchestratorFlags;
  readonly configFile: string | undefined;
}): Promise<ConfiguredModels> {
  await refuse(() => loadConfig({ flags: given.flags, env: {} }), EXIT.usage);
  const { config } = await refuse(() => loadConfig({ ...given, env: process.env }));
  return { modelDir: config.modelDir ?? undefined, modelName: config.server.modelName ?? undefined };
}
