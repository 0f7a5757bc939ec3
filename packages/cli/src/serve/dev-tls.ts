import { isLoopback } from "@bento-ts/runtime/config";
import type { StartOptions } from "@bento-ts/runtime/server";
import { CommandError, EXIT } from "../command-error.ts";
import { type DevPair, devTlsDir, loadDevPair } from "../dev-tls/dev-pair.ts";

/** A pair for this machine, and the variables that make a server use it. */
export interface DevTls {
  readonly pair: DevPair;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes the pair, or finds the one that was made before. */
export async function prepareDevTls(): Promise<DevTls> {
  const pair = await loadDevPair(devTlsDir(), Date.now());
  return { pair, env: { BENTO_SERVER_TLS_CERT_FILE: pair.certFile, BENTO_SERVER_TLS_KEY_FILE: pair.keyFile } };
}

/** The options of a server that uses the pair, with a line of what its callers need. Throws CommandError for an address that other machines reach: nobody there knows the authority. */
export function withDevTls(options: StartOptions, { pair }: DevTls): StartOptions {
  const { host } = options.config.server;
  if (!isLoopback(host))
    throw new CommandError(
      EXIT.refused,
      `--dev-tls is for this machine alone, and ${host} is reached by others: configure server.tls there`,
    );
  const line = `the certificate is for this machine and of an authority of its own: callers need ${pair.caFile} (curl --cacert)`;
  return { ...options, warnings: [...(options.warnings ?? []), line] };
}
