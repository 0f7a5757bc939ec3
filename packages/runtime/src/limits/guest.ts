import type { Cancellation } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import type { Visit } from "./admit.ts";
import type { House } from "./house.ts";
import type { Lane } from "./lane.ts";
import type { Measure, Tenant } from "./tenants.ts";

/** One call in the house. Moves: queued → running ⇄ resting (back by way of queued), and from each to gone. A resting one holds a place among those that wait. Displaced, it is gone for the queue and leaves when its caller has been told. */
export class Guest implements Visit, Tenant {
  readonly key: string;
  readonly untilMs: number;
  readonly held: Record<Measure, number> = { rows: 0, bytes: 0 };
  readonly #house: House;
  #api: string;
  /** Kept from where it has to wait, or begins: which models its API runs may become known meanwhile. */
  #lane: Lane<Guest> | undefined;
  #state: "queued" | "running" | "resting" | "displaced" | "gone" = "queued";
  /** Begins or ends the wait for a slot. */
  #wait: { readonly start: () => void; readonly fail: (cause: unknown) => void } | undefined;
  #tell: ((error: ServingError) => void) | undefined;
  #displacement: ServingError | undefined;

  constructor(
    house: House,
    { key, api, untilMs }: { readonly key: string; readonly api: string; readonly untilMs: number },
  ) {
    this.#house = house;
    this.#api = api;
    this.key = key;
    this.untilMs = untilMs;
  }

  /** Where it waits, or would wait now. */
  get lane(): Lane<Guest> {
    return this.#lane ?? this.#house.laneOf(this.#api);
  }

  get isQueued(): boolean {
    return this.#state === "queued" || this.#state === "resting";
  }

  hold(bytes: number): void {
    if (this.#displacement !== undefined) throw this.#displacement;
    const more = bytes - this.held.bytes;
    if (this.#state !== "queued" || more <= 0) return;
    this.#house.assertBytes(this, bytes, more);
    this.#house.change(this, "bytes", more);
  }

  aim(api: string): void {
    this.#api = api;
  }

  takeSlot(signal: Cancellation, countRows: () => number): void | Promise<void> {
    if (this.#displacement !== undefined) throw this.#displacement;
    if (signal.aborted) throw signal.reason;
    if (this.#state !== "queued" || this.#wait !== undefined)
      throw new ServingError("INTERNAL", "a call takes its slot once");
    const { lane } = this;
    if (this.#house.isFree(lane)) return this.#run(lane);
    const rows = countRows();
    this.#house.assertHope(this, lane, rows);
    // A call with more rows than ever may wait is let in where nobody else waits.
    const { queueRows } = this.#house.limits;
    const more = Math.min(rows, queueRows) - this.held.rows;
    if (more > 0) {
      this.#house.makeRoom(this, { measure: "rows", more, limit: queueRows });
      this.#house.change(this, "rows", more);
    }
    return this.#waitInLine(signal, lane, rows);
  }

  #waitInLine(signal: Cancellation, lane: Lane<Guest>, rows: number): Promise<void> {
    const { now, observer } = this.#house;
    const sinceMs = now();
    return new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#house.unline(this, lane);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener("abort", abort);
        observer.observeWait((now() - sinceMs) / 1000);
        this.#run(lane);
        resolve();
      };
      const fail = (cause: unknown): void => {
        signal.removeEventListener("abort", abort);
        reject(cause);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#wait = { start, fail };
      this.#lane = lane;
      this.#house.line(this, lane, rows);
    });
  }

  start(): void {
    this.#wait?.start();
  }

  rest(): void {
    if (this.#state !== "running") return;
    this.#house.giveSlotBack(this.lane);
    this.#state = "resting";
    // Who lets streams stand must not fill the memory with them.
    const refusal = this.#house.lackOfRoom(this, { measure: "rows", more: 1, limit: this.#house.places });
    this.#house.enqueue(this);
    if (refusal !== undefined) this.displace(refusal);
  }

  resume(signal: Cancellation): void | Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#state !== "resting") return;
    this.#state = "queued";
    const { lane } = this;
    return this.#house.isFree(lane) ? this.#run(lane) : this.#waitInLine(signal, lane, 1);
  }

  onDisplaced(listener: (error: ServingError) => void): void {
    this.#tell = listener;
  }

  displace(error: ServingError): void {
    this.#state = "displaced";
    this.#displacement = error;
    this.#house.unline(this, this.lane);
    this.#house.unqueue(this);
    this.#wait?.fail(error);
    this.#tell?.(error);
  }

  leave(): void {
    if (this.#state === "gone") return;
    if (this.#state === "running") this.#house.giveSlotBack(this.lane);
    else if (this.isQueued) {
      this.#house.unline(this, this.lane);
      this.#house.unqueue(this);
    }
    this.#state = "gone";
    this.#house.left();
  }

  #run(lane: Lane<Guest>): void {
    this.#house.unqueue(this);
    this.#state = "running";
    this.#lane = lane;
    lane.running += 1;
    this.#house.running += 1;
  }
}
