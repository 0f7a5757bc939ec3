import type { Logger } from "../telemetry/logger.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { EarlyWorker } from "./early-worker.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import type { WorkerProgram } from "./worker-process.ts";

/** One port that workers share. */
export interface ListenAddress {
  /** Told to the worker with each connection of this port. */
  readonly name: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** What a supervisor needs to know. */
export interface SupervisorOptions {
  readonly program: WorkerProgram;
  /** A process of this program that was started before and becomes the first worker. */
  readonly earlyWorker?: EarlyWorker | undefined;
  /** Number of workers, ≥ 1. */
  readonly workers: number;
  /** Given to each worker's `start`; anything that structured cloning can copy. */
  readonly payload: unknown;
  readonly listen: readonly ListenAddress[];
  /** Connections of the whole server. */
  readonly maxConnections: number;
  /** Connections of one address. */
  readonly maxConnectionsPerIp: number;
  /** CIDRs of proxies: their connections count for all callers only. */
  readonly trustedProxies: readonly string[];
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** Resident memory of one worker past which it is replaced; null for no mark. */
  readonly memoryBytes: number | null;
  /** Given the notes of calls that ended with their worker; undefined: calls are not noted. */
  readonly onLostCalls?: ((notes: readonly string[]) => void) | undefined;
  /** Answers workers' questions of a topic, in plain data; what it throws is told the worker as the reason. */
  readonly answer?: ((topic: string, question: unknown) => Promise<unknown>) | undefined;
  /** What else the main process has measured; shown with its own numbers. */
  readonly ownMetrics?: (() => MetricsSnapshot) | undefined;
  readonly logger: Logger;
  readonly timing?: Partial<SupervisorTiming>;
}

/** Times and bounds that users have no reason to set. */
export interface SupervisorTiming {
  /** Longest time from start to ready of one worker. */
  readonly startTimeoutMs: number;
  readonly maxWaitingConnections: number;
  readonly maxConnectionWaitMs: number;
  readonly metricsTimeoutMs: number;
  readonly memoryIntervalMs: number;
  /** A ready worker tells of itself each second; one that is silent for this long counts as not ready until it is heard again. */
  readonly silentMs: number;
  /** One that is silent for this long is ended. */
  readonly unresponsiveMs: number;
  readonly restart: RestartPolicy;
}

/** The bounds in force unless a test needs others. */
export const SUPERVISOR_TIMING: SupervisorTiming = {
  // Large models on slow disks take minutes.
  startTimeoutMs: 600_000,
  maxWaitingConnections: 1024,
  // About what clients give a connection before they try again.
  maxConnectionWaitMs: 10_000,
  // A scrape usually has 10 s for all of a server's work; a worker that computes is shown by its last numbers.
  metricsTimeoutMs: 250,
  memoryIntervalMs: 60_000,
  // Five reports are missing then: more than a busy machine or a long garbage collection takes, and about one period of usual probes. Runs that are as long
  // belong on a thread; a service that computes longer by itself answers nobody meanwhile.
  silentMs: 5_000,
  // An endless loop in a service would otherwise hold its callers for ever; longer than any run that is not one. A server takes the time of its calls.
  unresponsiveMs: 300_000,
  restart: { firstDelayMs: 100, factor: 2, maxDelayMs: 30_000, healthyMs: 60_000 },
};
