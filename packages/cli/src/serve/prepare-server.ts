import { assertMayBind, assertParameters, type ConfigFlags, loadConfig } from "@bento-ts/runtime/config";
import { modelStoreDir } from "@bento-ts/runtime/models-store";
import type { StartOptions } from "@bento-ts/runtime/server";
import { EXIT } from "../command-error.ts";
import type { DescribedService } from "../target/describe-service.ts";
import { refuse } from "./refuse.ts";

/**
 * Decides with which configuration a service is started.
 *
 * Throws CommandError: wrong usage for flags that can't be meant, a refused configuration for anything else that is wrong with it.
 */
export async function prepareServer(
  described: DescribedService,
  { flags, configFile }: { readonly flags: ConfigFlags; readonly configFile?: string | undefined },
): Promise<StartOptions> {
  const { definition, projectDir, entry, baseDir, digests, modelPaths, execArgv, protoRecord } = described;
  // By themselves first: a typing error is not a refused configuration.
  await refuse(() => loadConfig({ flags, env: {} }), EXIT.usage);
  const { config, warnings } = await refuse(() =>
    loadConfig({ flags, env: process.env, configFile, projectDir, serviceConfig: definition.config }),
  );
  await refuse(() => assertMayBind(config));
  await refuse(() => assertParameters(definition, config.parameters));
  return {
    entry,
    config,
    baseDir,
    storeDir: modelStoreDir(),
    warnings,
    protoRecord,
    ...(digests === undefined ? {} : { digests }),
    ...(modelPaths === undefined ? {} : { modelPaths }),
    ...(execArgv === undefined ? {} : { execArgv }),
  };
}
