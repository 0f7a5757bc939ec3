import type { Cancellation } from "../call/cancellation.ts";
import type { ServingError } from "../errors.ts";
import type { Workload } from "./grants.ts";
import { House } from "./house.ts";

/** Bounds of one worker. */
export interface AdmissionLimits {
  /** Calls whose method runs at once. */
  readonly concurrency: number;
  /** Rows of calls that may be in the house without running: reading their body, one row each, waiting for a slot, or for their caller to read on. While slots are free as many calls more. */
  readonly queueRows: number;
  /** Body bytes that those calls may hold together. */
  readonly queueBytes: number;
}

/** What is known of a call before its body is read. */
export interface Arrival {
  /** Under what its caller is counted. */
  readonly caller: string;
  readonly announcedBytes: number;
  /** What is called, where that is known without the body. */
  readonly api?: string;
  /** How long its caller waits for the answer. */
  readonly timeoutMs: number;
}

/**
 * One admitted call: enter → hold (its body's bytes) → takeSlot → work → leave.
 *
 * A caller that sends its body slowly holds a place in the queue, never a slot.
 */
export interface Visit {
  /** Counts the bytes that the call really holds, as they come. Throws UNAVAILABLE when the queue's bytes are used up, PAYLOAD_TOO_LARGE when the call alone passes them. */
  hold(bytes: number): void;
  /** Says what is called, where that was not known on arrival. */
  aim(api: string): void;
  /**
   * Waits for a slot: each caller has its turn, the calls of one in their order. `rows`, asked where it has to wait, says how much the call brings. Throws the signal's reason when it aborts first, UNAVAILABLE
   * with a Retry-After for rows that find no room, and for a call that will hardly be answered in time.
   */
  takeSlot(signal: Cancellation, rows: () => number): void | Promise<void>;
  /** Gives the slot back for as long as the work waits for its caller to read on; it takes a place in the queue for it, and is displaced where its caller has more than a share of those. */
  rest(): void;
  /** Goes on after a rest; waits for a slot as `takeSlot` does. Without a rest it does nothing. */
  resume(signal: Cancellation): void | Promise<void>;
  /** Who is told that the call has to leave the queue for one of another caller; whoever is told last. */
  onDisplaced(listener: (error: ServingError) => void): void;
  /** Gives back slot and bytes; the second time does nothing. */
  leave(): void;
}

/**
 * Admits calls to bounded slots and a bounded queue, in which callers have equal shares: where it is full, a call of one who has less than a share takes the place of the newest
 * one of who has most.
 */
export interface Admission {
  /** Lets a call in. Throws UNAVAILABLE with a Retry-After when the queue is full, too long for the call's time, or the worker drains; PAYLOAD_TOO_LARGE for a body that would never fit. */
  enter(arrival: Arrival): Visit;
  /** Refuses every new call from now on; those inside are served. */
  close(): void;
  readonly running: number;
  readonly waiting: number;
  /** Resolves when nobody is inside. */
  idle(): Promise<void>;
}

/** Why a call was not served for want of room. */
export type ShedReason = "queue_full" | "queue_bytes" | "displaced" | "hopeless" | "draining";

/** Told how the queue fares, for metrics. */
export interface QueueObserver {
  /** Rows that wait for a slot. */
  setRows(rows: number): void;
  /** A call has waited so long for its slot. */
  observeWait(seconds: number): void;
  shed(reason: ShedReason): void;
}

export interface AdmissionOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly observer?: QueueObserver;
  /** Without it slots alone bound how many calls begin. */
  readonly workload?: Workload | undefined;
}

/** Makes the admission of one worker. */
export function createAdmission(limits: AdmissionLimits, options: AdmissionOptions): Admission {
  return new House(limits, options);
}
