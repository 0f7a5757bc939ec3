import { ServingError } from "../errors.ts";
import type {
  Admission,
  AdmissionLimits,
  AdmissionOptions,
  Arrival,
  QueueObserver,
  ShedReason,
  Visit,
} from "./admit.ts";
import { isHopeless } from "./drain-rate.ts";
import type { ModelLine } from "./grants.ts";
import { Guest } from "./guest.ts";
import { createLane, type Lane } from "./lane.ts";
import { createTenants, type Measure } from "./tenants.ts";

const NOBODY: QueueObserver = { setRows: () => undefined, observeWait: () => undefined, shed: () => undefined };

/** Room that a call needs. */
interface Wanted {
  readonly measure: Measure;
  readonly more: number;
  /** As much as all that waits may hold with it. */
  readonly limit: number;
}

/** State: who runs, who waits for a slot in which lane, what those hold who do not run, open or closed. */
export class House implements Admission {
  readonly limits: AdmissionLimits;
  readonly now: () => number;
  readonly observer: QueueObserver;
  readonly tenants = createTenants<Guest>();
  readonly #workload: AdmissionOptions["workload"];
  readonly #lanes = new Map<ModelLine | undefined, Lane<Guest>>();
  /** Lanes in which calls wait; the one that was served last stands last. */
  readonly #waiting = new Set<Lane<Guest>>();
  readonly #idlers: (() => void)[] = [];
  #closed = false;
  inside = 0;
  running = 0;
  /** Rows that wait for a slot, in all lanes. */
  #rows = 0;

  constructor(limits: AdmissionLimits, { now, observer = NOBODY, workload }: AdmissionOptions) {
    this.limits = limits;
    this.now = now;
    this.observer = observer;
    this.#workload = workload;
    workload?.onIdle((lines) => this.#fillSlots(({ line }) => line !== undefined && lines.has(line)));
  }

  get waiting(): number {
    return this.inside - this.running;
  }

  /** Where calls of an API wait. */
  laneOf(api: string): Lane<Guest> {
    const line = this.#workload?.lineOf(api);
    const known = this.#lanes.get(line);
    if (known !== undefined) return known;
    const lane = createLane<Guest>(this.now, line);
    this.#lanes.set(line, lane);
    return lane;
  }

  /** How many calls may be in the house without running, while slots are free: those could run. */
  get places(): number {
    return this.limits.queueRows + this.limits.concurrency - this.running;
  }

  /** Whether a call that comes now runs at once. */
  isFree(lane: Lane<Guest>): boolean {
    return lane.queue.size === 0 && this.#grants(lane) > 0;
  }

  enter({ caller, announcedBytes, timeoutMs, api }: Arrival): Visit {
    const guest = new Guest(this, { key: caller, api: api ?? "", untilMs: this.now() + timeoutMs });
    const { lane } = guest;
    if (this.#closed) throw this.shed(lane, "draining", "the server is shutting down");
    const isFree = this.isFree(lane);
    // Of one whose body says what is called that is known when it has come.
    if (!isFree && api !== undefined) this.assertHope(guest, lane, 1);
    // Also where it could run at once: bodies that never come must not be let in without end.
    this.makeRoom(guest, { measure: "rows", more: 1, limit: isFree ? this.places : this.limits.queueRows });
    this.assertBytes(guest, announcedBytes, announcedBytes);
    this.inside += 1;
    this.enqueue(guest);
    this.change(guest, "bytes", announcedBytes);
    return guest;
  }

  change(guest: Guest, measure: Measure, by: number): void {
    guest.held[measure] += by;
    this.tenants.change(guest, measure, by);
  }

  enqueue(guest: Guest): void {
    this.tenants.add(guest);
    this.change(guest, "rows", 1);
  }

  /** What waits no longer holds no part of the queue. */
  unqueue(guest: Guest): void {
    this.change(guest, "rows", -guest.held.rows);
    this.change(guest, "bytes", -guest.held.bytes);
    this.tenants.delete(guest);
  }

  line(guest: Guest, lane: Lane<Guest>, rows: number): void {
    if (lane.queue.size === 0) lane.rate.began();
    lane.queue.add(guest.key, guest, rows);
    this.#waiting.add(lane);
    this.#addRows(rows);
  }

  unline(guest: Guest, lane: Lane<Guest>): void {
    const before = lane.queue.cost;
    if (!lane.queue.delete(guest.key, guest)) return;
    if (lane.queue.size === 0) this.#waiting.delete(lane);
    this.#addRows(lane.queue.cost - before);
  }

  #addRows(rows: number): void {
    this.#rows += rows;
    this.observer.setRows(this.#rows);
  }

  left(): void {
    this.inside -= 1;
    if (this.inside === 0) for (const idler of this.#idlers.splice(0)) idler();
  }

  close(): void {
    this.#closed = true;
  }

  idle(): Promise<void> {
    return this.inside === 0 ? Promise.resolve() : new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** Throws when a body of `bytes`, of which `more` are not counted yet, has no room. */
  assertBytes(guest: Guest, bytes: number, more: number): void {
    const { queueBytes } = this.limits;
    if (bytes > queueBytes) {
      throw new ServingError(
        "PAYLOAD_TOO_LARGE",
        `the body has more than ${queueBytes} bytes, the limit of all waiting calls together set by server.limits.queueBytes`,
      );
    }
    this.makeRoom(guest, { measure: "bytes", more, limit: queueBytes });
  }

  /** Throws when `more` of a measure does not fit beside what waits, unless others have to leave for it. */
  makeRoom(guest: Guest, wanted: Wanted): void {
    const refusal = this.lackOfRoom(guest, wanted);
    if (refusal !== undefined) throw refusal;
  }

  /** Gives why there is no room, once others have left for it who had to. */
  lackOfRoom({ key, lane }: Guest, { measure, more, limit }: Wanted): ServingError | undefined {
    // More may be there for the slots that are free: what comes takes a place of it, and those stay for whom there is one.
    const most = Math.max(limit, this.tenants.total[measure]);
    while (this.tenants.total[measure] + more > most) {
      const victim = this.tenants.victimFor({ key, measure, more, limit });
      if (victim === undefined) {
        const text = `${this.running} calls run and ${this.waiting} wait: the queue is full`;
        return this.shed(lane, measure === "rows" ? "queue_full" : "queue_bytes", text);
      }
      const text =
        "the queue is full, and this caller has more in it than others who wait: one of its calls has to leave";
      victim.displace(this.shed(victim.lane, "displaced", text));
    }
    return undefined;
  }

  /** Throws when a call with so many rows would wait too long; never for what is merely likely. */
  assertHope({ key, untilMs }: Guest, lane: Lane<Guest>, rows: number): void {
    const { queue, rate } = lane;
    if (!rate.isCertain) return;
    // Before it come no more rows of any other caller than there are of its own.
    const own = queue.costOf(key) + rows;
    const waitMs = rate.msFor(Math.min(queue.cost + rows, own * (queue.keys + 1))) ?? 0;
    const leftMs = untilMs - this.now();
    if (!isHopeless(waitMs, leftMs)) return;
    const text = `the queue takes about ${toSeconds(waitMs)} s, which is too much of the ${toSeconds(leftMs)} s that the call has`;
    throw this.shed(lane, "hopeless", text);
  }

  shed({ queue, rate }: Lane<Guest>, reason: ShedReason, message: string): ServingError {
    this.observer.shed(reason);
    const retryAfterSeconds = Math.min(60, Math.max(1, toSeconds(rate.msToWait(queue.cost))));
    return new ServingError("UNAVAILABLE", message, { retryAfterSeconds, details: { shed: reason } });
  }

  /** One of a lane's calls has ended, or rests: others of it may begin. Those of other lanes have waited for that only where it had the last slot, else for their own. */
  giveSlotBack(ended: Lane<Guest>): void {
    const hadLast = this.running >= this.limits.concurrency;
    ended.running -= 1;
    this.running -= 1;
    this.#fillSlots((lane) => hadLast || lane === ended);
  }

  #fillSlots(mayBegin: (lane: Lane<Guest>) => boolean): void {
    for (const lane of Array.from(this.#waiting).filter(mayBegin)) {
      for (let grants = this.#grants(lane); grants > 0 && lane.queue.size > 0; grants -= 1) {
        // Behind the others: of slots that all wait for each lane has some.
        this.#waiting.delete(lane);
        this.#waiting.add(lane);
        this.#startNext(lane);
      }
      if (lane.queue.size === 0) this.#waiting.delete(lane);
    }
  }

  #startNext(lane: Lane<Guest>): void {
    const next = lane.queue.take();
    if (next === undefined) return;
    lane.rate.served(next.cost);
    this.#addRows(-next.cost);
    next.item.start();
  }

  /** How many calls of a lane may begin now. */
  #grants(lane: Lane<Guest>): number {
    return Math.min(this.limits.concurrency - this.running, lane.grants);
  }
}

/** Whole seconds, not less; a rounding error makes none. */
function toSeconds(ms: number): number {
  return Math.ceil(Math.round(ms) / 1000);
}
