import type { TlsConfig } from "../../config/security/types.ts";
import { type Problem, ServingError } from "../../errors.ts";
import { refusedConfig } from "../../config/refused-config.ts";
import type { MetricsSnapshot } from "../../telemetry/metrics-snapshot.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { loadTls, type LoadedTls } from "./load-tls.ts";
import type { TlsMaterial } from "./tls-options.ts";
import { expiryWarning } from "./tls-pair.ts";

export interface WatchTlsOptions {
  readonly tls: TlsConfig;
  /** Whether only this machine reaches the server. */
  readonly isLoopback: boolean;
  readonly logger: Logger;
  /** Told of each change, taken or not, for records. */
  readonly onEvent?: (name: "tls_reloaded" | "tls_reload_failed", facts: Readonly<Record<string, string>>) => void;
  /** Milliseconds between two looks; 10 s unless given. */
  readonly everyMs?: number;
}

/** What connections are secured with, and its changes. */
export interface TlsWatch {
  /** Gives the listener what connections are secured with now, and what they are to be secured with after each change. One listener at most. */
  follow(listener: (material: TlsMaterial) => void): void;
  /** Looks now, whatever the time; resolves when it has looked. */
  reload(): Promise<void>;
  metrics(): MetricsSnapshot;
  close(): void;
}

/** Kubernetes swaps a mounted folder by a link, which watching a file misses: it is looked at. Source: security.md A8. */
const LOOK_EVERY_MS = 10_000;

/**
 * Reads what connections are secured with, and again after each change that is good; one that is not is logged and counted, and changes nothing.
 *
 * Rejects with FAILED_PRECONDITION that names every fault by its key when it is not good to start with.
 */
export async function watchTls(options: WatchTlsOptions): Promise<TlsWatch> {
  const { tls, isLoopback, logger, onEvent = () => undefined } = options;
  const load = (): Promise<LoadedTls> => loadTls(tls, { nowMs: Date.now(), isLoopback });
  const first = await load();
  let material = assertGood(first);
  let tell = (_material: TlsMaterial): void => undefined;
  for (const line of first.warnings) logger.warn(`server.tls: ${line}`);
  const counts = { ok: 0, failed: 0 };
  let current = first;
  let { seen } = first;
  let warned = endingOf(first);
  const look = async (): Promise<void> => {
    const next = await load();
    const ending = endingOf(current);
    // Its text changes with the days that are left.
    if (ending !== undefined && ending !== warned) logger.warn(`server.tls: ${ending}`);
    warned = ending;
    // A broken state is told once, not at every look.
    if (next.seen === seen) return;
    seen = next.seen;
    if (next.material === undefined) {
      counts.failed += 1;
      const problems = toLine(next.problems);
      logger.error({ event: "tls_reload_failed" }, `TLS stays as it is: ${problems}`);
      onEvent("tls_reload_failed", { problems });
      return;
    }
    current = next;
    warned = endingOf(next);
    material = next.material;
    tell(material);
    counts.ok += 1;
    const expires = isoOf(next);
    logger.info({ event: "tls_reloaded", expires }, "new connections are secured with the new files");
    onEvent("tls_reloaded", { expires });
    for (const line of [...next.doubts.map(({ message }) => message), ...next.warnings])
      logger.warn(`server.tls: ${line}`);
  };
  // One look after another: two at once could take the older files last.
  let looking = Promise.resolve();
  const reload = (): Promise<void> => {
    looking = looking.then(look).catch((err: unknown) => logger.error({ err }, "TLS files could not be looked at"));
    return looking;
  };
  const timer = setInterval(() => void reload(), options.everyMs ?? LOOK_EVERY_MS);
  timer.unref();
  return {
    follow(listener) {
      tell = listener;
      tell(material);
    },
    reload,
    metrics: () => toSnapshot(counts, current.expiresMs),
    close: () => clearInterval(timer),
  };
}

/** What loaded files are good for. Throws FAILED_PRECONDITION that names every fault by its key. */
function assertGood({ material, problems, doubts }: LoadedTls): TlsMaterial {
  const faults = [...problems, ...doubts];
  if (faults.length > 0) throw refusedConfig(faults);
  if (material === undefined) throw new ServingError("INTERNAL", "files without a fault make a pair");
  return material;
}

function toLine(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

function endingOf({ expiresMs }: LoadedTls): string | undefined {
  return expiresMs === undefined ? undefined : expiryWarning(expiresMs, Date.now());
}

function isoOf({ expiresMs }: LoadedTls): string {
  return expiresMs === undefined ? "unknown" : new Date(expiresMs).toISOString();
}

function toSnapshot(counts: Readonly<Record<string, number>>, expiresMs: number | undefined): MetricsSnapshot {
  const reloads = Object.entries(counts).map(([outcome, value]) => ({ labels: { outcome }, value }));
  return [
    {
      name: "bento_tls_reloads_total",
      help: "Changes of the files that connections are secured with, by whether they were taken",
      type: "counter",
      aggregator: "sum",
      values: reloads,
    },
    {
      name: "bento_tls_cert_expiry_seconds",
      help: "Unix time at which the certificate of the server ends",
      type: "gauge",
      aggregator: "sum",
      values: expiresMs === undefined ? [] : [{ labels: {}, value: expiresMs / 1000 }],
    },
  ];
}
