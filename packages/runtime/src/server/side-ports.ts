import type { Config } from "../config/types.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type AdminServer, createAdminServer } from "../transports/admin/admin-server.ts";
import { createRedirectServer, type RedirectServer } from "../transports/http-redirect/create-redirect-server.ts";
import type { Supervisor } from "../workers/supervisor.ts";

/** The ports of the main process, beside those that workers share. */
export interface SidePorts {
  readonly admin: AdminServer;
  /** Undefined where no plain port is configured. */
  readonly redirect: RedirectServer | undefined;
  close(): Promise<void>;
}

/** Opens both or none; throws FAILED_PRECONDITION when one can't be had. `httpsPort` is asked for with each redirect. */
export async function openSidePorts(
  { server }: Config,
  supervisor: Pick<Supervisor, "state" | "metrics">,
  { logger, httpsPort }: { readonly logger: Logger; readonly httpsPort: () => number },
): Promise<SidePorts> {
  const admin = await createAdminServer({
    host: server.admin.host,
    port: server.admin.port,
    metricsPath: server.admin.metricsPath,
    state: () => supervisor.state(),
    metrics: () => supervisor.metrics(),
    logger,
  });
  try {
    const redirect = await openRedirect(server, { logger, httpsPort });
    const close = async (): Promise<void> => {
      await redirect?.close();
      await admin.close();
    };
    return { admin, redirect, close };
  } catch (cause) {
    await admin.close();
    throw cause;
  }
}

async function openRedirect(
  { host, tls, limits }: Config["server"],
  ask: { readonly logger: Logger; readonly httpsPort: () => number },
): Promise<RedirectServer | undefined> {
  if (tls === null || tls.httpRedirectPort === null) return undefined;
  return createRedirectServer({
    host,
    port: tls.httpRedirectPort,
    cname: tls.cname ?? undefined,
    acmeChallengeDir: tls.acmeChallengeDir ?? undefined,
    maxHeaderBytes: limits.headersBytes,
    ...ask,
  });
}
