import { ServingError } from "../errors.ts";
import type { ModelState, ServerState, WorkerPhase } from "../telemetry/readiness.ts";
import type { CallJournal } from "./call-journal.ts";
import type { ModelDigests, WorkerMessage } from "./messages.ts";
import type { WorkerEvents, WorkerProcess } from "./worker-process.ts";

/** How a member came to its end. */
export interface MemberEnd {
  readonly how: string;
  readonly isClean: boolean;
  /** What kept it from getting ready; undefined when it was ready. */
  readonly failure: ServingError | undefined;
  readonly readyForMs: number | undefined;
  /** Notes of the calls that were open in it. */
  readonly lostCalls: readonly string[];
}

/** What a member reports; after `ended` nothing more. */
export interface MemberEvents {
  ready(member: PoolMember): void;
  /** Its own word about being ready has changed. */
  changed(member: PoolMember): void;
  /** `isSilent` has changed. */
  silence(member: PoolMember): void;
  message(member: PoolMember, message: WorkerMessage): void;
  ended(member: PoolMember, end: MemberEnd): void;
}

const SECOND_LOOK_MS = 1000;

/** One worker process and what is known of it, from its start to its end. */
export class PoolMember {
  readonly slotId: number;
  readonly process: WorkerProcess;
  readonly #events: MemberEvents;
  readonly #silentMs: number;
  readonly #unresponsiveMs: number | undefined;
  readonly #nowMs: () => number;
  readonly #journal: CallJournal | undefined;
  #phase: WorkerPhase = "starting";
  #models: readonly ModelState[] = [];
  #note: string | undefined;
  #failure: ServingError | undefined;
  #problem: string | undefined;
  #silence: NodeJS.Timeout | undefined;
  #isSilent = false;
  #readyAtMs: number | undefined;
  #rssBytes = 0;
  #cpus = 0;
  #killTimer: NodeJS.Timeout | undefined;
  #wasKilledLate = false;
  #isSendingState = false;
  #nextState: ServerState | undefined;

  constructor(options: {
    readonly slotId: number;
    startProcess(events: WorkerEvents): WorkerProcess;
    readonly payload: unknown;
    /** Asked when the process is there. */
    readonly digests: () => ModelDigests;
    /** Belongs to the member from now on. */
    readonly journal: CallJournal | undefined;
    readonly startTimeoutMs: number;
    /** Silence past which it counts as unable to answer, once it is ready. */
    readonly silentMs: number;
    /** Silence past which it is ended; undefined for no limit. */
    readonly unresponsiveMs: number | undefined;
    readonly events: MemberEvents;
    readonly nowMs: () => number;
  }) {
    this.slotId = options.slotId;
    this.#events = options.events;
    this.#silentMs = options.silentMs;
    this.#unresponsiveMs = options.unresponsiveMs;
    this.#nowMs = options.nowMs;
    this.#journal = options.journal;
    this.process = options.startProcess({
      message: (message) => this.#receive(message, () => ({ payload: options.payload, digests: options.digests() })),
      ended: (end) => this.#ended(end),
    });
    this.#killTimer = setTimeout(() => {
      const limit = `${options.startTimeoutMs / 1000} s`;
      this.#failure = new ServingError("DEADLINE_EXCEEDED", `worker ${this.slotId} was not ready within ${limit}`);
      this.process.kill();
    }, options.startTimeoutMs);
  }

  get phase(): WorkerPhase {
    return this.#phase;
  }
  get models(): readonly ModelState[] {
    return this.#models;
  }
  /** Why it can't answer though it is ready. */
  get note(): string | undefined {
    return this.#isSilent ? `no sign of life for ${this.#silentMs / 1000} s: it computes, or is stuck` : this.#note;
  }
  /** Whether nothing was heard of it for long; it may still come back. */
  get isSilent(): boolean {
    return this.#isSilent;
  }
  get rssBytes(): number {
    return this.#rssBytes;
  }
  /** CPUs that it used of late. */
  get cpus(): number {
    return this.#cpus;
  }
  get readyForMs(): number | undefined {
    return this.#readyAtMs === undefined ? undefined : this.#nowMs() - this.#readyAtMs;
  }
  /** Whether it was ended since it did not drain in time. */
  get wasKilledLate(): boolean {
    return this.#wasKilledLate;
  }

  /** Sends the newest state; while one is on its way only the newest of those that follow is kept. */
  sendState(state: ServerState): void {
    if (this.#phase !== "ready" && this.#phase !== "draining") return;
    if (this.#isSendingState) {
      this.#nextState = state;
      return;
    }
    this.#isSendingState = true;
    this.process.send({ type: "state", state }, () => {
      this.#isSendingState = false;
      const next = this.#nextState;
      this.#nextState = undefined;
      if (next !== undefined) this.sendState(next);
    });
  }

  /** Asks it to finish and end; past `timeoutMs` it is ended. One that is not ready yet has nothing to finish. */
  drain(timeoutMs: number): void {
    if (this.#phase === "starting") this.process.kill();
    if (this.#phase !== "ready") return;
    this.#phase = "draining";
    clearTimeout(this.#silence);
    this.#isSilent = false;
    this.process.send({ type: "drain", timeoutMs });
    this.#killTimer = setTimeout(() => {
      this.#wasKilledLate = true;
      this.process.kill();
    }, timeoutMs);
  }

  /** Something was heard: starts the count anew. */
  #watchSilence(): void {
    this.#setSilent(false);
    clearTimeout(this.#silence);
    this.#silence = this.#afterSilence(this.#silentMs, () => {
      this.#setSilent(true);
      const limitMs = this.#unresponsiveMs;
      if (limitMs === undefined) return;
      this.#silence = this.#afterSilence(limitMs - this.#silentMs, () => {
        this.#problem = `no sign of life for ${limitMs / 1000} s`;
        this.process.kill();
      });
    });
  }

  #afterSilence(ms: number, then: () => void): NodeJS.Timeout {
    return setTimeout(() => {
      // A second look: if this process was stopped itself, the worker's signs of life stand in the pipe now.
      this.#silence = setTimeout(then, SECOND_LOOK_MS);
    }, ms - SECOND_LOOK_MS);
  }

  #setSilent(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.#events.silence(this);
  }

  #receive(message: WorkerMessage, start: () => { readonly payload: unknown; readonly digests: ModelDigests }): void {
    if (this.#phase === "ready") this.#watchSilence();
    switch (message.type) {
      case "hello":
        this.process.send({ type: "start", worker: this.slotId, journal: this.#journal?.path, ...start() });
        return;
      case "ready":
        if (this.#phase !== "starting") return;
        clearTimeout(this.#killTimer);
        this.#phase = "ready";
        this.#models = message.models;
        this.#readyAtMs = this.#nowMs();
        this.#watchSilence();
        this.#events.ready(this);
        return;
      case "failed": {
        const details = { worker: this.slotId, ...(message.stack === undefined ? {} : { stack: message.stack }) };
        this.#failure = new ServingError(message.code, message.message, { details });
        return;
      }
      case "status":
        this.#note = message.ready ? undefined : (message.note ?? "the service says that it is not ready");
        this.#events.changed(this);
        return;
      case "models":
        this.#models = message.models;
        this.#events.changed(this);
        return;
      case "usage":
        this.#rssBytes = message.rssBytes;
        this.#cpus = message.cpus;
        break;
      case "drained":
        this.#problem = message.problem;
        break;
      default:
    }
    this.#events.message(this, message);
  }

  #ended(end: { readonly how: string; readonly isClean: boolean }): void {
    clearTimeout(this.#killTimer);
    clearTimeout(this.#silence);
    const lostCalls = this.#journal?.read() ?? [];
    this.#journal?.close();
    const readyForMs = this.readyForMs;
    const how = this.#problem === undefined ? end.how : `${end.how}: ${this.#problem}`;
    this.#phase = "dead";
    const failure = readyForMs === undefined ? (this.#failure ?? this.#endedEarly(end.how)) : undefined;
    this.#events.ended(this, { how, isClean: end.isClean, failure, readyForMs, lostCalls });
  }

  #endedEarly(how: string): ServingError {
    const hint = how === "SIGKILL" ? "; the system may have run out of memory" : "";
    return new ServingError("FAILED_PRECONDITION", `worker ${this.slotId} ended (${how}) before it was ready${hint}`);
  }
}
