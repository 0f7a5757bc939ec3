import type { Cancellation } from "../call/cancellation.ts";
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
import { createDrainRate, isHopeless } from "./drain-rate.ts";
import { createFairQueue } from "./fair-queue.ts";
import { grantsFor } from "./grants.ts";
import { createTenants, type Measure, type Tenant } from "./tenants.ts";

const NOBODY: QueueObserver = { setRows: () => undefined, observeWait: () => undefined, shed: () => undefined };

/** State: who runs, who waits for a slot, what those hold who do not run, open or closed. */
export class House implements Admission {
  readonly limits: AdmissionLimits;
  readonly now: () => number;
  readonly observer: QueueObserver;
  readonly queue = createFairQueue<Guest>();
  readonly tenants = createTenants<Guest>();
  readonly #workload: AdmissionOptions["workload"];
  readonly #rate;
  readonly #idlers: (() => void)[] = [];
  #closed = false;
  inside = 0;
  running = 0;

  constructor(limits: AdmissionLimits, { now, observer = NOBODY, workload }: AdmissionOptions) {
    this.limits = limits;
    this.now = now;
    this.observer = observer;
    this.#workload = workload;
    this.#rate = createDrainRate(now);
    workload?.onIdle(() => this.fillSlots());
  }

  get waiting(): number {
    return this.inside - this.running;
  }

  /** Whether a call that comes now runs at once. */
  get isFree(): boolean {
    return this.queue.size === 0 && this.#grants() > 0;
  }

  enter({ caller, announcedBytes, timeoutMs }: Arrival): Visit {
    if (this.#closed) throw this.shed("draining", "the server is shutting down");
    const guest = new Guest(this, caller, this.now() + timeoutMs);
    if (!this.isFree) {
      this.assertHope(guest, 1);
      this.makeRoom(guest, "rows", 1);
    }
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

  line(guest: Guest, rows: number): void {
    if (this.queue.size === 0) this.#rate.began();
    this.queue.add(guest.key, guest, rows);
    this.observer.setRows(this.queue.cost);
  }

  unline(guest: Guest): void {
    if (this.queue.delete(guest.key, guest)) this.observer.setRows(this.queue.cost);
  }

  left(): void {
    this.inside -= 1;
    this.fillSlots();
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
    this.makeRoom(guest, "bytes", more);
  }

  /** Throws when `more` of a measure does not fit beside what waits, unless others have to leave for it. */
  makeRoom({ key }: Guest, measure: Measure, more: number): void {
    const limit = measure === "rows" ? this.limits.queueRows : this.limits.queueBytes;
    while (this.tenants.total[measure] + more > limit) {
      const victim = this.tenants.victimFor({ key, measure, more, limit });
      if (victim === undefined) {
        const text = `${this.running} calls run and ${this.waiting} wait: the queue is full`;
        throw this.shed(measure === "rows" ? "queue_full" : "queue_bytes", text);
      }
      const text =
        "the queue is full, and this caller has more in it than others who wait: one of its calls has to leave";
      victim.displace(this.shed("displaced", text));
    }
  }

  /** Throws when a call with so many rows would wait too long; never for what is merely likely. */
  assertHope({ key, untilMs }: Guest, rows: number): void {
    if (!this.#rate.isCertain) return;
    const { queue } = this;
    // Before it come no more rows of any other caller than there are of its own.
    const own = queue.costOf(key) + rows;
    const waitMs = this.#rate.msFor(Math.min(queue.cost + rows, own * (queue.keys + 1))) ?? 0;
    const leftMs = untilMs - this.now();
    if (!isHopeless(waitMs, leftMs)) return;
    const text = `the queue takes about ${toSeconds(waitMs)} s, which is too much of the ${toSeconds(leftMs)} s that the call has`;
    throw this.shed("hopeless", text);
  }

  shed(reason: ShedReason, message: string): ServingError {
    this.observer.shed(reason);
    const ms = this.#rate.msFor(this.queue.cost) ?? 0;
    const retryAfterSeconds = Math.min(60, Math.max(1, toSeconds(ms)));
    return new ServingError("UNAVAILABLE", message, { retryAfterSeconds, details: { shed: reason } });
  }

  fillSlots(): void {
    for (let grants = this.#grants(); grants > 0; grants -= 1) {
      const next = this.queue.take();
      if (next === undefined) return;
      this.#rate.served(next.cost);
      next.item.start();
    }
  }

  /** How many calls may begin now. */
  #grants(): number {
    const free = this.limits.concurrency - this.running;
    if (this.#workload === undefined || free <= 0) return free;
    // Where nobody runs nobody will leave, with whom the next would begin.
    return Math.min(free, Math.max(grantsFor(this.#workload), this.running === 0 ? 1 : 0));
  }
}

/** Whole seconds, not less; a rounding error makes none. */
function toSeconds(ms: number): number {
  return Math.ceil(Math.round(ms) / 1000);
}

/** One call in the house. Moves: queued → running ⇄ resting (by way of queued), and from each to gone. Displaced, it is gone for the queue and leaves when its caller has been told. */
class Guest implements Visit, Tenant {
  readonly key: string;
  readonly untilMs: number;
  readonly held: Record<Measure, number> = { rows: 0, bytes: 0 };
  readonly #house: House;
  #state: "queued" | "running" | "resting" | "displaced" | "gone" = "queued";
  /** Begins or ends the wait for a slot. */
  #wait: { readonly start: () => void; readonly fail: (cause: unknown) => void } | undefined;
  #tell: ((error: ServingError) => void) | undefined;
  #displacement: ServingError | undefined;

  constructor(house: House, key: string, untilMs: number) {
    this.#house = house;
    this.key = key;
    this.untilMs = untilMs;
  }

  get isQueued(): boolean {
    return this.#state === "queued";
  }

  hold(bytes: number): void {
    if (this.#displacement !== undefined) throw this.#displacement;
    const more = bytes - this.held.bytes;
    if (this.#state !== "queued" || more <= 0) return;
    this.#house.assertBytes(this, bytes, more);
    this.#house.change(this, "bytes", more);
  }

  takeSlot(signal: Cancellation, countRows: () => number): void | Promise<void> {
    if (this.#displacement !== undefined) throw this.#displacement;
    if (signal.aborted) throw signal.reason;
    if (this.#state !== "queued" || this.#wait !== undefined)
      throw new ServingError("INTERNAL", "a call takes its slot once");
    if (this.#house.isFree) return this.#run();
    const rows = countRows();
    this.#house.assertHope(this, rows);
    // A call with more rows than ever may wait is let in where nobody else waits.
    const more = Math.min(rows, this.#house.limits.queueRows) - this.held.rows;
    if (more > 0) {
      this.#house.makeRoom(this, "rows", more);
      this.#house.change(this, "rows", more);
    }
    return this.#waitInLine(signal, rows);
  }

  #waitInLine(signal: Cancellation, rows: number): Promise<void> {
    const { now, observer } = this.#house;
    const sinceMs = now();
    return new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#house.unline(this);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener("abort", abort);
        observer.setRows(this.#house.queue.cost);
        observer.observeWait((now() - sinceMs) / 1000);
        this.#run();
        resolve();
      };
      const fail = (cause: unknown): void => {
        signal.removeEventListener("abort", abort);
        reject(cause);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#wait = { start, fail };
      this.#house.line(this, rows);
    });
  }

  start(): void {
    this.#wait?.start();
  }

  rest(): void {
    if (this.#state !== "running") return;
    this.#state = "resting";
    this.#house.running -= 1;
    this.#house.fillSlots();
  }

  resume(signal: Cancellation): void | Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#state !== "resting") return;
    this.#state = "queued";
    this.#house.enqueue(this);
    return this.#house.isFree ? this.#run() : this.#waitInLine(signal, 1);
  }

  onDisplaced(listener: (error: ServingError) => void): void {
    this.#tell = listener;
  }

  displace(error: ServingError): void {
    this.#state = "displaced";
    this.#displacement = error;
    this.#house.unline(this);
    this.#house.unqueue(this);
    this.#wait?.fail(error);
    this.#tell?.(error);
  }

  leave(): void {
    if (this.#state === "gone") return;
    if (this.#state === "running") this.#house.running -= 1;
    else if (this.#state === "queued") {
      this.#house.unline(this);
      this.#house.unqueue(this);
    }
    this.#state = "gone";
    this.#house.left();
  }

  #run(): void {
    this.#house.unqueue(this);
    this.#state = "running";
    this.#house.running += 1;
  }
}
