import { ServingError } from "../errors.ts";
import type { WorkerState } from "../telemetry/readiness.ts";
import { type CallJournal, createCallJournal } from "./call-journal.ts";
import { chooseOversized } from "./memory-guard.ts";
import { joinDigests } from "./model-digests.ts";
import type { ModelDigests, WorkerMessage } from "./messages.ts";
import { PoolMember, type MemberEnd } from "./pool-member.ts";
import type { PoolOptions, Replacements } from "./pool-options.ts";
import { planRestart } from "./restart-policy.ts";
import { startWorkerProcess } from "./worker-process.ts";

interface Slot {
  readonly id: number;
  current: PoolMember | undefined;
  /** Starts while `current` still answers. */
  successor: PoolMember | undefined;
  failures: number;
  restarts: number;
  note: string | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Faults with which a worker goes on until another one has taken its place. */
const FAULTS = {
  error: "worker had an error that nobody caught and is being replaced",
  hung: "worker has a model run that hangs and is being replaced",
} as const;

/** N places for workers, each filled again when its worker dies; idle → starting → running → stopping. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #slots: readonly Slot[];
  /** Every process that has not ended, those that drain included. */
  readonly #members = new Set<PoolMember>();
  readonly #replacements = { death: 0, memory: 0, error: 0, hung: 0 };
  #phase: "idle" | "starting" | "running" | "stopping" = "idle";
  #starting: { resolve(): void; reject(error: ServingError): void } | undefined;
  #startFailure: ServingError | undefined;
  #emptied: (() => void) | undefined;
  #lastMemoryMs: number | undefined;
  #failedDrains = 0;
  /** Of the models that the first workers have loaded. */
  #digests: ModelDigests = {};

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.size }, (_, id) => ({
      id,
      current: undefined,
      successor: undefined,
      failures: 0,
      restarts: 0,
      note: undefined,
      timer: undefined,
    }));
  }

  /** Starts all workers; resolves when all are ready. When one fails the others are ended first, then this throws its error. */
  start(): Promise<void> {
    this.#phase = "starting";
    for (const slot of this.#slots) slot.current = this.#startMember(slot.id);
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
  }

  states(): readonly WorkerState[] {
    return this.#slots.map((slot) => ({
      id: slot.id,
      pid: slot.current?.process.pid,
      phase: slot.current?.phase ?? "dead",
      restarts: slot.restarts,
      models: slot.current?.models ?? [],
      note: slot.current?.phase === "ready" ? slot.current.note : slot.note,
    }));
  }

  members(): readonly PoolMember[] {
    return [...this.#members];
  }

  replacements(): Replacements {
    return { ...this.#replacements };
  }

  /** Lets every worker finish and end; returns how many did not end by themselves and in order. No worker is replaced any more. */
  async drain(): Promise<number> {
    this.#stop();
    for (const member of this.#members) member.drain(this.#options.drainTimeoutMs);
    await this.#untilEmpty();
    return this.#failedDrains;
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#stop();
    for (const member of this.#members) member.process.kill();
  }

  #stop(): void {
    this.#phase = "stopping";
    for (const slot of this.#slots) clearTimeout(slot.timer);
    const starting = this.#starting;
    this.#starting = undefined;
    if (starting === undefined) return;
    const error = this.#startFailure ?? new ServingError("CANCELLED", "the server was stopped before it was ready");
    void this.#untilEmpty().then(() => starting.reject(error));
  }

  #untilEmpty(): Promise<void> {
    if (this.#members.size === 0) return Promise.resolve();
    const before = this.#emptied;
    return new Promise((resolve) => {
      this.#emptied = () => {
        before?.();
        resolve();
      };
    });
  }

  #startMember(slotId: number): PoolMember {
    const { earlyWorker, program, payload, startTimeoutMs, silentMs, unresponsiveMs, nowMs, events } = this.#options;
    const member = new PoolMember({
      slotId,
      startProcess: (heard) => earlyWorker?.take(heard) ?? startWorkerProcess(program, heard),
      payload,
      digests: () => this.#digests,
      journal: this.#createJournal(),
      startTimeoutMs,
      silentMs,
      unresponsiveMs,
      nowMs,
      events: {
        ready: (ready) => this.#ready(ready),
        changed: () => events.changed(),
        silence: (sender) => this.#silence(sender),
        message: (sender, message) => this.#message(sender, message),
        ended: (dead, end) => this.#ended(dead, end),
      },
    });
    this.#members.add(member);
    return member;
  }

  #createJournal(): CallJournal | undefined {
    const { onLostCalls, logger } = this.#options;
    if (onLostCalls === undefined) return undefined;
    try {
      return createCallJournal();
    } catch (err) {
      logger.warn({ err }, "calls that end with their worker will leave no audit record");
      return undefined;
    }
  }

  #ready(member: PoolMember): void {
    const { events, drainTimeoutMs, logger } = this.#options;
    const slot = this.#slot(member);
    const old = slot.successor === member ? slot.current : undefined;
    if (slot.successor === member) {
      slot.successor = undefined;
      slot.current = member;
      slot.restarts += 1;
    }
    slot.note = undefined;
    if (this.#phase === "starting" && !this.#noteDigests(member)) return;
    events.ready(member);
    if (old !== undefined) {
      events.retired(old);
      old.drain(drainTimeoutMs);
    }
    if (this.#phase === "running") logger.info({ worker: member.slotId, pid: member.process.pid }, "worker is ready");
    events.changed();
    if (this.#phase === "starting" && this.#slots.every(({ current }) => current?.phase === "ready")) {
      this.#phase = "running";
      this.#starting?.resolve();
      this.#starting = undefined;
    }
  }

  /** False when the first workers have loaded different models: then the start is over. */
  #noteDigests({ models }: PoolMember): boolean {
    const { digests, changed } = joinDigests(this.#digests, models);
    this.#digests = digests;
    if (changed === undefined) return true;
    const text = `the files of model "${changed}" changed while the server started: start it again`;
    this.#startFailure = new ServingError("FAILED_PRECONDITION", text);
    this.kill();
    return false;
  }

  #silence({ slotId: worker, process: { pid }, isSilent, note }: PoolMember): void {
    const { logger, events } = this.#options;
    if (isSilent) logger.warn({ worker, pid, reason: note }, "worker is not ready");
    else logger.info({ worker, pid }, "worker is heard again");
    events.changed();
  }

  #message(member: PoolMember, message: WorkerMessage): void {
    this.#options.events.message(member, message);
    if (message.type === "usage") {
      this.#tellOtherCpus(member);
      this.#checkMemory();
    }
    if (message.type === "uncaught") this.#replaceFaulty(member, "error", message.reason);
    if (message.type === "hung") this.#replaceFaulty(member, "hung", message.reason);
  }

  /** A worker may use what the others leave; told whenever it tells what it uses itself. */
  #tellOtherCpus(member: PoolMember): void {
    let cpus = 0;
    for (const other of this.#members) if (other !== member) cpus += other.cpus;
    member.process.send({ type: "other-cpus", cpus });
  }

  /** Another worker takes the place in order, after the same wait as for one that died: it may soon have the same fault. */
  #replaceFaulty(member: PoolMember, fault: keyof typeof FAULTS, reason: string): void {
    const { restart, logger } = this.#options;
    const slot = this.#slot(member);
    const isUnderWay = slot.successor !== undefined || slot.timer !== undefined;
    if (this.#phase !== "running" || slot.current !== member || isUnderWay) return;
    const plan = planRestart(restart, { failures: slot.failures, readyForMs: member.readyForMs });
    slot.failures = plan.failures;
    this.#replacements[fault] += 1;
    const facts = { worker: slot.id, pid: member.process.pid, reason };
    logger.warn(facts, FAULTS[fault]);
    slot.timer = setTimeout(() => {
      slot.timer = undefined;
      slot.successor ??= this.#startMember(slot.id);
    }, plan.delayMs);
  }

  #checkMemory(): void {
    const { memoryBytes, memoryIntervalMs, nowMs, logger } = this.#options;
    if (memoryBytes === null || this.#phase !== "running") return;
    if (this.#slots.some(({ successor }) => successor !== undefined)) return;
    const ready = this.#slots.flatMap(({ id, current }) =>
      current?.phase === "ready" ? [{ id, rssBytes: current.rssBytes, readyForMs: current.readyForMs ?? 0 }] : [],
    );
    const sinceMs = this.#lastMemoryMs === undefined ? undefined : nowMs() - this.#lastMemoryMs;
    const chosen = chooseOversized({ markBytes: memoryBytes, intervalMs: memoryIntervalMs }, ready, sinceMs);
    const slot = this.#slots.find(({ id }) => id === chosen);
    if (slot === undefined) return;
    this.#lastMemoryMs = nowMs();
    this.#replacements.memory += 1;
    const facts = { worker: slot.id, rssBytes: slot.current?.rssBytes, memoryBytes };
    logger.warn(facts, "worker is past its memory mark and is being replaced");
    slot.successor = this.#startMember(slot.id);
  }

  #ended(member: PoolMember, end: MemberEnd): void {
    this.#members.delete(member);
    const slot = this.#slot(member);
    const { events, logger } = this.#options;
    if (slot.successor === member) {
      slot.successor = undefined;
      if (this.#phase === "running" && slot.current === undefined) this.#plan(slot, end);
      else logger.error(this.#facts(member, end), "worker that should replace another one failed to start");
    } else if (slot.current === member) {
      slot.current = undefined;
      this.#lost(slot, member, end);
    } else if (!end.isClean) {
      logger.warn(this.#facts(member, end), "replaced worker did not end in order");
    }
    if (this.#phase === "stopping" && end.readyForMs !== undefined && !end.isClean) this.#failedDrains += 1;
    if (end.lostCalls.length > 0) this.#options.onLostCalls?.(end.lostCalls);
    events.ended(member);
    events.changed();
    if (this.#members.size === 0) this.#emptied?.();
  }

  #lost(slot: Slot, member: PoolMember, end: MemberEnd): void {
    const { logger } = this.#options;
    if (this.#phase === "starting") {
      const text = `worker ${member.slotId} ended (${end.how}) while the others were loading`;
      this.#startFailure = end.failure ?? new ServingError("FAILED_PRECONDITION", text);
      // One worker's failure is the whole start's: nothing half-ready stays behind.
      this.kill();
    } else if (this.#phase === "running") {
      logger.error(this.#facts(member, end), end.readyForMs === undefined ? "worker failed to start" : "worker died");
      if (slot.successor === undefined) this.#plan(slot, end);
    } else if (end.readyForMs !== undefined && !end.isClean) {
      const why = member.wasKilledLate
        ? "worker did not finish in time and was ended"
        : "worker died while it finished";
      logger.error(this.#facts(member, end), why);
    }
  }

  #plan(slot: Slot, end: MemberEnd): void {
    const plan = planRestart(this.#options.restart, { failures: slot.failures, readyForMs: end.readyForMs });
    slot.failures = plan.failures;
    slot.note = end.failure?.message ?? `ended (${end.how})`;
    this.#replacements.death += 1;
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => {
      slot.timer = undefined;
      slot.restarts += 1;
      slot.current = this.#startMember(slot.id);
      this.#options.events.changed();
    }, plan.delayMs);
  }

  #facts(member: PoolMember, end: MemberEnd): Readonly<Record<string, unknown>> {
    const failure = end.failure === undefined ? {} : { reason: end.failure.message, ...end.failure.details };
    const lost = end.lostCalls.length === 0 ? {} : { lostCalls: end.lostCalls.length };
    return { worker: member.slotId, pid: member.process.pid, end: end.how, ...lost, ...failure };
  }

  #slot(member: PoolMember): Slot {
    const slot = this.#slots[member.slotId];
    if (slot === undefined) throw new ServingError("INTERNAL", `no place ${member.slotId} for a worker`);
    return slot;
  }
}
