import type { Logger } from "../telemetry/logger.ts";
import type { RefusalReason } from "./connection-distributor.ts";

/** At most one line a minute for each reason: an attack must not fill the disk. */
const INTERVAL_MS = 60_000;

/** What an operator can do; the other reasons have their own lines. */
const ADVICE: Readonly<Partial<Record<RefusalReason, string>>> = {
  limit: "connections are reset: server.limits.connections is reached",
  "limit-per-ip":
    "connections of one address are reset: server.limits.connectionsPerIp is reached; name it in server.trustedProxies if it is a proxy",
};

/** Makes what logs refused connections where an operator can do something about them; `nowMs` is a monotonic clock. */
export function createRefusalLog(
  logger: Logger,
  nowMs: () => number,
): (reason: RefusalReason, ip: string | undefined) => void {
  const lastMs = new Map<RefusalReason, number>();
  return (reason, ip) => {
    const text = ADVICE[reason];
    const last = lastMs.get(reason);
    if (text === undefined || (last !== undefined && nowMs() - last < INTERVAL_MS)) return;
    lastMs.set(reason, nowMs());
    logger.warn({ reason, ip }, text);
  };
}
