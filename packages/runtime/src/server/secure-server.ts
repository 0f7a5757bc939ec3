import type { AuditSink } from "../audit/sink.ts";
import { isLoopback } from "../config/start-rule.ts";
import type { Config } from "../config/types.ts";
import type { Problem } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { TlsWatch } from "../transports/tls/watch-tls.ts";

/** Under what workers are told with what to secure connections. */
export const TLS_TOPIC = "tls";

/**
 * Reads with what a server's connections are secured, before any worker starts, and keeps to its files from then on: in the main process alone, so that all
 * workers change together. Undefined where no TLS is configured.
 *
 * Throws FAILED_PRECONDITION that names every fault by its key.
 */
export async function watchCertificates(
  { server }: Config,
  logger: Logger,
  audit: Pick<AuditSink, "event"> | undefined,
): Promise<TlsWatch | undefined> {
  if (server.tls === null) return undefined;
  const { watchTls } = await import("../transports/tls/watch-tls.ts");
  return watchTls({
    tls: server.tls,
    isLoopback: isLoopback(server.host),
    logger,
    onEvent: (name, facts) => audit?.event(name, facts),
  });
}

/** Why a server could not be secured with the files that its configuration names, by key. */
export async function tlsProblems({ server }: Config): Promise<readonly Problem[]> {
  if (server.tls === null) return [];
  const { loadTls } = await import("../transports/tls/load-tls.ts");
  const { problems, doubts } = await loadTls(server.tls, { nowMs: Date.now(), isLoopback: isLoopback(server.host) });
  return [...problems, ...doubts];
}
