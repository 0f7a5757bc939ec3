import { type Config, loadConfig } from "@bento-ts/runtime/config";
import type { AccessExplanation } from "@bento-ts/runtime/server";
import { wrongUsage } from "../command-error.ts";
import { devIssuersFor } from "./dev-issuers.ts";
import { refuse } from "../serve/refuse.ts";
import { describeService } from "../target/describe-service.ts";
import { findTarget } from "../target/find-target.ts";

/** What is to be explained. */
export interface ExplainOrder {
  readonly api: string;
  readonly configFile: string | undefined;
  /** Whether the issuers that run on this machine for the service count. */
  readonly devIdp: boolean;
  readonly headerFor: (config: Config) => Promise<Readonly<Record<string, string>>>;
}

/** Explains a call to a target's service by the configuration that `serve` would use. Throws CommandError for an unknown API and a refused configuration. */
export async function explainTarget(given: string | undefined, order: ExplainOrder): Promise<AccessExplanation> {
  const { api, configFile, devIdp, headerFor } = order;
  const { definition, projectDir, server } = await describeService(await findTarget(given, { configFile }));
  const names = definition.apis.map(({ name }) => name);
  if (!names.includes(api))
    throw wrongUsage(`${definition.name} has no API ${JSON.stringify(api)}; it has ${names.join(", ")}`);
  const { config } = await refuse(() =>
    loadConfig({ env: process.env, configFile, projectDir, serviceConfig: definition.config }),
  );
  await refuse(() => server.assertSecure(config, definition));
  const { security } = config;
  const issuers = [...security.issuers, ...(devIdp ? await devIssuersFor(definition.name) : [])];
  const headers = await headerFor(config);
  return server.explainAccess(
    { config: { ...config, security: { ...security, issuers } }, definition },
    { api, headers },
  );
}
