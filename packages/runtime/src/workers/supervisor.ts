import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";
import type { ServerPhase, ServerState } from "../telemetry/readiness.ts";
import { createConnectionDistributor, type ConnectionDistributor } from "./connection-distributor.ts";
import { openListeners, type Listeners } from "./listeners.ts";
import type { WorkerMessage } from "./messages.ts";
import { createMetricsCollector, type MetricsCollector } from "./metrics-collector.ts";
import type { PoolMember } from "./pool-member.ts";
import { createRefusalLog } from "./refusal-log.ts";
import { SUPERVISOR_TIMING, type SupervisorOptions, type SupervisorTiming } from "./supervisor-options.ts";
import { supervisorSnapshot } from "./supervisor-metrics.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerProgram } from "./worker-process.ts";

/** The main process's side of a server: N workers behind shared ports. Phases: starting → serving → draining → stopped. */
export interface Supervisor {
  /**
   * Starts all workers, waits until each is ready, then opens the ports.
   *
   * Throws the first worker's error (its code and message, `details.stack` where it had one), FAILED_PRECONDITION for a port that can't be had,
   * CANCELLED when the server is stopped meanwhile; nothing is left running then.
   */
  start(): Promise<{ readonly addresses: Readonly<Record<string, AddressInfo>> }>;
  state(): ServerState;
  /** Calls the listener with each new state; returns what ends that. */
  onChange(listener: (state: ServerState) => void): () => void;
  /** Prometheus text summed over all workers, within a bounded time even while they compute. */
  metrics(): Promise<string>;
  /**
   * Ends the server in order: not ready at once, still answering for the drain delay, then the ports close and workers finish what runs.
   *
   * Resolves with the exit code: 0, or 1 when a worker had to be ended or died. Calling it again gives the same promise.
   */
  drain(): Promise<number>;
  /** Ends all workers at once; a drain in progress then resolves with 1. */
  kill(): void;
  setLogLevel(level: string): void;
  /** Lets every worker open the files anew that it writes to. */
  reopenFiles(): void;
  /** Tells every worker, also those that start later, in place of what was said of that topic before. */
  tell(topic: string, value: unknown): void;
}

/** Creates a supervisor; nothing is started yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new ProcessSupervisor(options);
}

class ProcessSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #timing: SupervisorTiming;
  readonly #pool: WorkerPool;
  readonly #connections: ConnectionDistributor;
  readonly #collector: MetricsCollector;
  readonly #observers = new Set<(state: ServerState) => void>();
  readonly #killed = new AbortController();
  #listeners: Listeners | undefined;
  #phase: ServerPhase = "starting";
  #draining: Promise<number> | undefined;
  #scrape: Promise<string> | undefined;
  #logLevel: string | undefined;
  readonly #notices = new Map<string, unknown>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timing = { ...SUPERVISOR_TIMING, ...options.timing };
    const nowMs = (): number => performance.now();
    this.#collector = createMetricsCollector(this.#timing.metricsTimeoutMs);
    this.#connections = createConnectionDistributor(
      {
        maxConnections: options.maxConnections,
        maxConnectionsPerIp: options.maxConnectionsPerIp,
        trustedProxies: options.trustedProxies,
        maxWaiting: this.#timing.maxWaitingConnections,
        maxWaitMs: this.#timing.maxConnectionWaitMs,
      },
      nowMs,
      createRefusalLog(options.logger, nowMs),
    );
    this.#pool = new WorkerPool({
      program: options.program,
      earlyWorker: options.earlyWorker,
      size: options.workers,
      payload: options.payload,
      startTimeoutMs: this.#timing.startTimeoutMs,
      drainTimeoutMs: options.drainTimeoutMs,
      silentMs: this.#timing.silentMs,
      // A worker that stands at a breakpoint is silent as well.
      unresponsiveMs: isDebugged(options.program) ? undefined : this.#timing.unresponsiveMs,
      restart: this.#timing.restart,
      memoryBytes: options.memoryBytes,
      memoryIntervalMs: this.#timing.memoryIntervalMs,
      onLostCalls: options.onLostCalls,
      logger: options.logger,
      nowMs,
      events: {
        ready: (member) => this.#workerReady(member),
        retired: (member) => this.#connections.retireWorker(member.process),
        ended: (member) => this.#workerEnded(member),
        message: (member, message) => this.#received(member, message),
        changed: () => this.#changed(),
      },
    });
  }

  async start(): Promise<{ readonly addresses: Readonly<Record<string, AddressInfo>> }> {
    try {
      await this.#pool.start();
      const accept = this.#connections.accept.bind(this.#connections);
      this.#listeners = await openListeners(this.#options.listen, accept);
      if (this.#draining !== undefined)
        throw new ServingError("CANCELLED", "the server was stopped before it was ready");
    } catch (cause) {
      await this.#listeners?.close();
      await (this.#draining ?? this.#finish());
      throw cause;
    }
    this.#phase = "serving";
    this.#changed();
    for (const member of this.#pool.members()) this.#connections.addWorker(member.process);
    return { addresses: this.#listeners.addresses };
  }

  state(): ServerState {
    const workers = this.#pool.states();
    const canAnswer = workers.every((worker) => worker.phase === "ready" && worker.note === undefined);
    return { phase: this.#phase, ready: this.#phase === "serving" && canAnswer, workers };
  }

  onChange(listener: (state: ServerState) => void): () => void {
    this.#observers.add(listener);
    return () => this.#observers.delete(listener);
  }

  metrics(): Promise<string> {
    // One at a time: callers that come while workers are asked share the answer.
    this.#scrape ??= this.#collectMetrics().finally(() => {
      this.#scrape = undefined;
    });
    return this.#scrape;
  }

  drain(): Promise<number> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  kill(): void {
    this.#killed.abort();
    this.#pool.kill();
  }

  setLogLevel(level: string): void {
    this.#logLevel = level;
    for (const member of this.#pool.members()) member.process.send({ type: "log-level", level });
  }

  reopenFiles(): void {
    for (const member of this.#pool.members()) member.process.send({ type: "reopen-files" });
  }

  tell(topic: string, value: unknown): void {
    this.#notices.set(topic, value);
    for (const member of this.#measured()) member.process.send({ type: "notice", topic, value });
  }

  async #drain(): Promise<number> {
    const hasServed = this.#phase === "serving";
    this.#phase = "draining";
    this.#changed();
    if (hasServed) {
      this.#options.logger.info({ drainDelayMs: this.#options.drainDelayMs }, "draining: not ready, still answering");
      // Aborted by kill(): then there is nothing left to wait for.
      await delay(this.#options.drainDelayMs, undefined, { signal: this.#killed.signal }).catch(() => undefined);
      await this.#listeners?.close();
      await this.#connections.settled(
        AbortSignal.any([this.#killed.signal, AbortSignal.timeout(this.#timing.maxConnectionWaitMs)]),
      );
    }
    return this.#finish();
  }

  async #finish(): Promise<number> {
    this.#connections.close();
    const failed = await this.#pool.drain();
    this.#phase = "stopped";
    this.#changed();
    return failed === 0 ? 0 : 1;
  }

  #workerReady(member: PoolMember): void {
    if (this.#logLevel !== undefined) member.process.send({ type: "log-level", level: this.#logLevel });
    for (const [topic, value] of this.#notices) member.process.send({ type: "notice", topic, value });
    // The state goes first: a worker must know of a drain before it answers.
    member.sendState(this.state());
    if (this.#phase !== "starting") this.#connections.addWorker(member.process);
  }

  #workerEnded(member: PoolMember): void {
    this.#connections.removeWorker(member.process);
    this.#collector.ended(member);
  }

  #received(member: PoolMember, message: WorkerMessage): void {
    if (message.type === "connection-ack") this.#connections.acknowledged(member.process, message.id);
    else if (message.type === "connections-closed") this.#connections.closed(member.process, message.ids);
    else if (message.type === "metrics") this.#collector.received(member, message);
    else if (message.type === "totals-request") void this.#sendTotals(member, message);
    else if (message.type === "question") void this.#answer(member, message);
    else if (message.type === "metrics-text-request") void this.#sendText(member, message.id);
  }

  #changed(): void {
    const state = this.state();
    for (const member of this.#pool.members()) member.sendState(state);
    for (const observer of this.#observers) observer(state);
  }

  #measured(): readonly PoolMember[] {
    return this.#pool.members().filter((member) => member.phase === "ready" || member.phase === "draining");
  }

  async #sendTotals(
    member: PoolMember,
    { id, names }: Extract<WorkerMessage, { type: "totals-request" }>,
  ): Promise<void> {
    const snapshot = await this.#collector.totals(this.#measured(), names);
    member.process.send({ type: "totals", id, snapshot });
  }

  async #answer(
    member: PoolMember,
    { id, topic, question }: Extract<WorkerMessage, { type: "question" }>,
  ): Promise<void> {
    const reply = (answer: unknown, failure?: string): void =>
      member.process.send({ type: "answer", id, answer, failure });
    try {
      reply(await this.#options.answer?.(topic, question));
    } catch (cause) {
      reply(undefined, reasonOf(cause));
    }
  }

  async #sendText(member: PoolMember, id: number): Promise<void> {
    const text = await this.metrics();
    member.process.send({ type: "metrics-text", id, text });
  }

  #collectMetrics(): Promise<string> {
    const members = this.#measured();
    const own = supervisorSnapshot({
      state: this.state(),
      connections: this.#connections.counts(),
      replacements: this.#pool.replacements(),
      rssBytes: members
        .filter((member) => member.phase === "ready")
        .map((member) => ({ worker: member.slotId, bytes: member.rssBytes })),
    });
    return this.#collector.text(members, [...own, ...(this.#options.ownMetrics?.() ?? [])]);
  }
}

function isDebugged({ execArgv, env }: WorkerProgram): boolean {
  return [...execArgv, env.NODE_OPTIONS ?? ""].some((argument) => argument.includes("--inspect"));
}
