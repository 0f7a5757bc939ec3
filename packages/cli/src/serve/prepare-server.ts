import {
  assertMayBind,
  assertParameters,
  type ConfigFlags,
  loadConfig,
  type OrchestratorFlags,
} from "@bento-ts/runtime/config";
import type { StartOptions } from "@bento-ts/runtime/server";
import type { DescribedService } from "../target/describe-service.ts";
import { refuse } from "./refuse.ts";

/**
 * Decides with which configuration a service is started.
 *
 * Throws CommandError: a refused configuration for anything that is wrong with it.
 */
export async function prepareServer(
  described: DescribedService,
  {
    flags,
    configFile,
    env = {},
  }: {
    readonly flags: ConfigFlags & OrchestratorFlags;
    readonly configFile?: string | undefined;
    /** Variables over those of this process. */
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<StartOptions> {
  const { definition, projectDir } = described;
  const { config, warnings } = await refuse(() =>
    loadConfig({ flags, env: { ...process.env, ...env }, configFile, projectDir, serviceConfig: definition.config }),
  );
  await refuse(() => described.server.assertSecure(config, definition));
  await refuse(() => assertMayBind(config));
  await refuse(() => assertParameters(definition, config.parameters));
  return { ...described, config, warnings };
}
