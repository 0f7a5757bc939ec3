import { isLoopback } from "@bento-ts/runtime/config";
import type { StartOptions } from "@bento-ts/runtime/server";
import { CommandError, EXIT, wrongUsage } from "../command-error.ts";
import type { DescribedService } from "../target/describe-service.ts";
import { devIssuerConfig } from "../auth/dev-issuers.ts";
import { refuse } from "./refuse.ts";

/** A server's options with an issuer of its own among those whose tokens it takes. */
export interface WithDevIdp {
  readonly options: StartOptions;
  close(): Promise<void>;
}

/**
 * Starts an issuer beside a server of this machine, for tokens that are for its service.
 *
 * Throws CommandError for an address that other machines reach: whoever may read the developer's files signs tokens for it.
 */
export async function withDevIdp(
  options: StartOptions,
  { definition, port }: Pick<DescribedService, "definition"> & { readonly port: string },
): Promise<WithDevIdp> {
  const { config } = options;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw wrongUsage(`--dev-idp-port: expected 0 to 65535, got ${JSON.stringify(port)}`);
  if (!isLoopback(config.server.host))
    throw new CommandError(
      EXIT.refused,
      `--dev-idp is for this machine alone, and ${config.server.host} is reached by others: configure security.oidc.issuers there`,
    );
  const { devIdpDir, startDevIssuer } = await import("@bento-ts/runtime/dev-idp");
  const dev = await refuse(
    () => startDevIssuer({ audience: definition.name, port: Number(port), dir: devIdpDir() }),
    EXIT.failed,
  );
  const issuers = [...config.security.issuers, devIssuerConfig(dev)];
  return {
    options: { ...options, config: { ...config, security: { ...config.security, issuers } } },
    close: () => dev.close(),
  };
}
