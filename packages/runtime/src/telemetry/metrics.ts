import type { Registry } from "prom-client";
import { CALL_PHASES } from "../call/phase.ts";
import {
  type AuthDecision,
  createAuthDecisions,
  createIssuerKeyMetrics,
  createRateLimited,
  createSecurityReloads,
  type IssuerKeyMetrics,
} from "./auth-metrics.ts";
import { type BatchMetrics, createBatchBinder } from "./batch-metrics.ts";
import { type CancelledMetrics, createCancelledMetrics } from "./cancelled-metrics.ts";
import type { Counter, Gauge, Histogram } from "./cells.ts";
import { createInstruments, type Instruments } from "./instruments.ts";
import { sumSnapshots } from "./metrics-sum.ts";
import { registrySnapshot, type MetricsSnapshot } from "./metrics-snapshot.ts";
import { createUserMetrics, type UserMetrics } from "./user-metrics.ts";

/** What one worker measures. Bind once, keep, and count: binding looks labels up, counting does not. */
export interface Metrics {
  /** Numbers of one API over one protocol. */
  call(api: string, protocol: string): CallMetrics;
  /** Duration of a model's runs; `place` is "inline" or "thread". */
  modelRun(model: string, place: string): { observe(seconds: number): void };
  /** What waits for a slot. */
  readonly queue: QueueMetrics;
  /** Batches of one API. */
  batches(api: string): BatchMetrics;
  /** What was given up before it was answered. */
  readonly cancelled: CancelledMetrics;
  /** How it was decided about a call: labels from closed lists. */
  authDecision(labels: AuthDecision): void;
  /** A file of rules, keys or passwords was read again. */
  securityReload(what: string, outcome: "ok" | "failed"): void;
  /** A call or a try was refused by a limit of that name. */
  rateLimited(limit: string): void;
  /** Keys of token issuers. */
  readonly issuerKeys: IssuerKeyMetrics;
  /** Audit records that could not be written. */
  readonly auditDropped: { add(count: number): void };
  /** Spans that are lost: too many waited, or they could not be sent. */
  spansDropped(count: number, reason: "queue" | "export"): void;
  /** The author's own metrics, `ctx.metrics`. */
  readonly user: UserMetrics;
  /** All numbers, for the supervisor that sums them over its workers. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Grows with each change of any number but those of the process. */
  revision(): number;
  /** All numbers in the Prometheus text format, for a server without workers. */
  text(): Promise<string>;
}

/** Counts the calls of one API over one protocol. */
export interface CallMetrics {
  started(): void;
  finished(result: CallResult): void;
}

/** How a call ended; `status` is the HTTP or gRPC status. */
export interface CallResult {
  readonly status: number;
  readonly seconds: number;
  /** Seconds of each of CALL_PHASES, of a call that succeeded, NaN for one that it did not pass; undefined for others and where it is not known. */
  readonly phaseSeconds?: readonly number[] | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Counts what waits for a slot, and calls that found no room; reasons are of a closed list. */
export interface QueueMetrics {
  setRows(rows: number): void;
  observeWait(seconds: number): void;
  shed(reason: string): void;
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const RUN_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Fewer than a run's: there are five phases for each API, and each bucket is a line of the text. */
const PHASE_SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 60];
/** Label values come from definitions, so this is far above what a service needs and still a bound. */
const MAX_SERIES = 1000;

/** Creates the metrics of one worker; `processMetrics` adds CPU, memory, event loop and GC of the process. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const instruments = createInstruments({ maxSeries: MAX_SERIES });
  const user = createUserMetrics(instruments);
  // Loaded with the first snapshot: prom-client takes as long to import as all the rest of a small server.
  let process: Promise<Registry> | undefined;
  const processSnapshot = async (): Promise<MetricsSnapshot> => {
    if (!options.processMetrics) return [];
    process ??= createProcessRegistry();
    return registrySnapshot(await process);
  };
  const calls = createCallBinder(instruments);
  const runs = instruments.histogram("bento_model_run_duration_seconds", "Duration of model runs", RUN_SECONDS);
  const spans = instruments.counter("bento_trace_spans_dropped_total", "Spans that were not sent");
  const issuerKeys = createIssuerKeyMetrics(instruments, () => performance.now());
  const snapshot = async (): Promise<MetricsSnapshot> => {
    issuerKeys.refresh();
    return [...instruments.snapshot(), ...user.snapshot(), ...(await processSnapshot())];
  };
  return {
    call: calls,
    modelRun: (model, place) => runs.series({ model, place }) ?? NOTHING,
    queue: createQueueMetrics(instruments),
    batches: createBatchBinder(instruments),
    cancelled: createCancelledMetrics(instruments),
    authDecision: createAuthDecisions(instruments),
    securityReload: createSecurityReloads(instruments),
    rateLimited: createRateLimited(instruments),
    issuerKeys,
    auditDropped:
      instruments.counter("bento_audit_dropped_total", "Audit records that could not be written").series({}) ?? NOTHING,
    spansDropped: (count, reason) => spans.series({ reason })?.add(count),
    user,
    snapshot,
    revision: () => instruments.revision() + user.revision(),
    text: async () => (await sumSnapshots([{ worker: undefined, snapshot: await snapshot() }])).text(),
  };
}

async function createProcessRegistry(): Promise<Registry> {
  const { collectDefaultMetrics, Registry: PromRegistry } = await import("prom-client");
  const registry = new PromRegistry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** What counts when a metric holds its most series: nothing. */
const NOTHING: Counter & Gauge & Histogram = { add: () => undefined, set: () => undefined, observe: () => undefined };

function createCallBinder(instruments: Instruments): Metrics["call"] {
  const requests = instruments.counter("bento_requests_total", "Calls by API, protocol and status");
  const duration = instruments.histogram("bento_request_duration_seconds", "Duration of calls", REQUEST_SECONDS);
  const inProgress = instruments.gauge("bento_requests_in_progress", "Calls that are being answered", "sum");
  const bytesIn = instruments.counter("bento_request_body_bytes_total", "Bytes of request bodies, after decompression");
  const bytesOut = instruments.counter("bento_response_body_bytes_total", "Bytes of response bodies");
  const successes = createSuccessBinder(instruments);
  return (api, protocol) => {
    const labels = { api, protocol };
    const bound = {
      duration: duration.series(labels) ?? NOTHING,
      inProgress: inProgress.series(labels) ?? NOTHING,
      bytesIn: bytesIn.series(labels) ?? NOTHING,
      bytesOut: bytesOut.series(labels) ?? NOTHING,
    };
    const byStatus = new Map<number, Counter>();
    let succeeded: ((phaseSeconds: readonly number[]) => void) | undefined;
    const bindStatus = (status: number): Counter => {
      const counter = requests.series({ ...labels, status: String(status) }) ?? NOTHING;
      byStatus.set(status, counter);
      return counter;
    };
    return {
      started: () => bound.inProgress.add(1),
      finished(result) {
        bound.inProgress.add(-1);
        (byStatus.get(result.status) ?? bindStatus(result.status)).add(1);
        bound.duration.observe(result.seconds);
        bound.bytesIn.add(result.bytesIn);
        bound.bytesOut.add(result.bytesOut);
        if (result.phaseSeconds === undefined) return;
        succeeded ??= successes(api);
        succeeded(result.phaseSeconds);
      },
    };
  };
}

/** Where the time of an API's successful calls goes, and when the last of them ended. */
function createSuccessBinder(instruments: Instruments): (api: string) => (phaseSeconds: readonly number[]) => void {
  const phases = instruments.histogram("bento_call_phase_seconds", "Time of successful calls by phase", PHASE_SECONDS);
  const last = instruments.gauge("bento_last_success_timestamp_seconds", "When the last successful call ended", "max");
  return (api) => {
    const histograms = CALL_PHASES.map((phase) => phases.series({ api, phase }) ?? NOTHING);
    const gauge = last.series({ api }) ?? NOTHING;
    return (phaseSeconds) => {
      for (let index = 0; index < histograms.length; index += 1) histograms[index]?.observe(phaseSeconds[index] ?? NaN);
      gauge.set(Date.now() / 1000);
    };
  };
}

function createQueueMetrics(instruments: Instruments): QueueMetrics {
  const rows = instruments.gauge("bento_queue_rows", "Rows that wait for a slot", "sum").series({}) ?? NOTHING;
  const wait = instruments.histogram("bento_queue_wait_seconds", "Time that calls waited for a slot", REQUEST_SECONDS);
  const waited = wait.series({}) ?? NOTHING;
  const shed = instruments.counter("bento_calls_shed_total", "Calls that found no room, by reason");
  return {
    setRows: (count) => rows.set(count),
    observeWait: (seconds) => waited.observe(seconds),
    shed: (reason) => shed.series({ reason })?.add(1),
  };
}
