import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { WorkerMessage } from "./messages.ts";

const REPORT_INTERVAL_MS = 1000;
/** Every n-th report carries metrics, when they changed: what the supervisor shows while this worker computes. */
const METRICS_EVERY = 2;

/** Sends, or drops the message when the supervisor is gone; `onSent` runs in both cases. */
export function sendToSupervisor(message: WorkerMessage, onSent: () => void = () => undefined): void {
  if (process.connected && process.send !== undefined) process.send(message, undefined, undefined, onSent);
  else onSent();
}

/** Gathers closed connections and reports them once a turn of the loop. */
export function createClosings(): { add(connectionId: number): void; flush(): void } {
  let ids: number[] = [];
  const flush = (): void => {
    if (ids.length > 0) sendToSupervisor({ type: "connections-closed", ids });
    ids = [];
  };
  return {
    add(connectionId) {
      if (ids.length === 0) setImmediate(flush);
      ids.push(connectionId);
    },
    flush,
  };
}

/** A worker's own numbers; `revision` changes when they do. */
export interface MetricsSource {
  snapshot(): Promise<MetricsSnapshot>;
  revision(): number;
}

/** Tells the supervisor of memory and CPU each second, of metrics every other one, and of metrics when it asks. */
export function createReports(metrics: MetricsSource): {
  start(): void;
  stop(): void;
  sendMetrics(id: number | undefined): Promise<void>;
} {
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;
  let used = { atMs: performance.now(), cpu: process.cpuUsage() };
  let sentRevision: number | undefined;
  async function sendMetrics(id: number | undefined): Promise<void> {
    sentRevision = metrics.revision();
    const snapshot = await metrics.snapshot().catch(() => undefined);
    // Without a snapshot the supervisor shows the last one it has: metrics must never end a worker.
    if (snapshot !== undefined) sendToSupervisor({ type: "metrics", id, snapshot });
  }
  function reportUsage(): void {
    const atMs = performance.now();
    const { user, system } = process.cpuUsage(used.cpu);
    const cpus = (user + system) / 1000 / Math.max(1, atMs - used.atMs);
    used = { atMs, cpu: process.cpuUsage() };
    sendToSupervisor({ type: "usage", rssBytes: process.memoryUsage.rss(), cpus });
  }
  function report(): void {
    ticks += 1;
    reportUsage();
    if (ticks % METRICS_EVERY === 0 && metrics.revision() !== sentRevision) void sendMetrics(undefined);
  }
  return {
    start() {
      reportUsage();
      timer = setInterval(report, REPORT_INTERVAL_MS);
      timer.unref();
    },
    stop: () => clearInterval(timer),
    sendMetrics,
  };
}
