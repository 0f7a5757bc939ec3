import type { Logger } from "../telemetry/logger.ts";
import type { EarlyWorker } from "./early-worker.ts";
import type { WorkerMessage } from "./messages.ts";
import type { PoolMember } from "./pool-member.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import type { WorkerProgram } from "./worker-process.ts";

/** What a pool of workers needs to know. */
export interface PoolOptions {
  readonly program: WorkerProgram;
  /** A process that was started before and takes the first place. */
  readonly earlyWorker: EarlyWorker | undefined;
  /** Places, each held by one worker; ≥ 1. */
  readonly size: number;
  readonly payload: unknown;
  readonly startTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly silentMs: number;
  /** undefined: silence is no reason to end a worker. */
  readonly unresponsiveMs: number | undefined;
  readonly restart: RestartPolicy;
  /** null for no mark. */
  readonly memoryBytes: number | null;
  readonly memoryIntervalMs: number;
  /** Given the notes of calls that ended with their worker; undefined: calls are not noted. */
  readonly onLostCalls: ((notes: readonly string[]) => void) | undefined;
  readonly logger: Logger;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly events: PoolEvents;
}

/** What the pool reports. `changed` follows each of the others and every change of `states()`. */
export interface PoolEvents {
  ready(member: PoolMember): void;
  /** Another worker has taken its place; it finishes what runs. */
  retired(member: PoolMember): void;
  ended(member: PoolMember): void;
  message(member: PoolMember, message: WorkerMessage): void;
  changed(): void;
}

/** How often workers were replaced, by reason. */
export interface Replacements {
  readonly death: number;
  readonly memory: number;
  /** For an error that nobody caught. */
  readonly error: number;
  /** For a model's run that hangs. */
  readonly hung: number;
}
