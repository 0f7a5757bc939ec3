import { createFlowHeap, type Flow } from "./flow-heap.ts";

/**
 * Who is next among callers that wait: each key gets the same share of what is served, whatever it asks for; within a key first come, first served.
 *
 * A newcomer waits for no more than what each of the other keys gets in one turn, however long their lines are. Something is taken whenever something waits.
 */
export interface FairQueue<T> {
  /** Items that wait. */
  readonly size: number;
  /** Keys with items that wait. */
  readonly keys: number;
  /** What all that waits costs together. */
  readonly cost: number;
  /** What waits under a key. */
  costOf(key: string): number;
  /** Puts an item behind those of its key; `cost` > 0 says how much of the key's share it takes when it is served. */
  add(key: string, item: T, cost: number): void;
  /** Takes the next item with its cost; undefined when none waits. */
  take(): { readonly item: T; readonly cost: number } | undefined;
  /** Takes an item out before its turn, which costs its key nothing; false for one that does not wait. */
  delete(key: string, item: T): boolean;
}

/**
 * Makes an empty queue. Adding, taking and deleting take O(log keys).
 *
 * Source: Goyal, Vin, Cheng, "Start-time Fair Queuing" (1996), with equal weights and the virtual time of Demers, Keshav, Shenker, "Analysis and Simulation of a Fair Queueing Algorithm" (1989).
 */
export function createFairQueue<T>(): FairQueue<T> {
  return new StartTimeQueue();
}

interface Line<T> extends Flow {
  readonly key: string;
  /** What waits, with its cost, in order of arrival. */
  readonly items: Map<T, number>;
  cost: number;
  /** Virtual time at which all that this key was served so far is paid for. */
  finish: number;
}

/** State: lines by key, those with items in a heap by the virtual time at which each is next, and the virtual time now. */
class StartTimeQueue<T> implements FairQueue<T> {
  readonly #lines = new Map<string, Line<T>>();
  readonly #heap = createFlowHeap<Line<T>>();
  #now = 0;
  size = 0;
  keys = 0;
  cost = 0;

  costOf(key: string): number {
    return this.#lines.get(key)?.cost ?? 0;
  }

  add(key: string, item: T, cost: number): void {
    const line = this.#lines.get(key) ?? this.#open(key);
    if (line.items.size === 0) this.keys += 1;
    line.items.set(item, cost);
    this.size += 1;
    this.#change(line, cost);
    // A key that had nothing waiting has saved nothing up meanwhile, and owes what it was served before.
    if (!line.isListed) this.#heap.push(line, Math.max(this.#now, line.finish));
  }

  take(): { readonly item: T; readonly cost: number } | undefined {
    for (let line = this.#heap.pop(); line !== undefined; line = this.#heap.pop()) {
      const [first] = line.items;
      // All of its items were deleted.
      if (first === undefined) continue;
      const [item, cost] = first;
      // Each key that waits has had its part of what was served. Going by the starts alone, callers with an endless supply of names would stop the clock and go before all others.
      this.#now = Math.max(this.#now + cost / this.keys, line.start);
      line.finish = line.start + cost;
      this.#remove(line, item, cost);
      if (line.items.size > 0) this.#heap.push(line, line.finish);
      if (this.size === 0) this.#forget();
      return { item, cost };
    }
    return undefined;
  }

  delete(key: string, item: T): boolean {
    const line = this.#lines.get(key);
    const cost = line?.items.get(item);
    if (line === undefined || cost === undefined) return false;
    this.#remove(line, item, cost);
    return true;
  }

  #open(key: string): Line<T> {
    if (this.#lines.size > 2 * this.keys + FEW_LINES) this.#sweep();
    const line: Line<T> = { key, items: new Map(), cost: 0, start: 0, finish: 0, order: 0, isListed: false };
    this.#lines.set(key, line);
    return line;
  }

  #remove(line: Line<T>, item: T, cost: number): void {
    line.items.delete(item);
    this.size -= 1;
    if (line.items.size === 0) this.keys -= 1;
    this.#change(line, -cost);
  }

  #change(line: Line<T>, by: number): void {
    line.cost += by;
    this.cost += by;
  }

  /** Lines that owe nothing are as good as new ones. */
  #sweep(): void {
    for (const line of this.#lines.values())
      if (line.items.size === 0 && !line.isListed && line.finish <= this.#now) this.#lines.delete(line.key);
  }

  /** Nobody waits: there is nothing to be shared, and what was is settled. */
  #forget(): void {
    this.#lines.clear();
    this.#heap.clear();
    this.#now = 0;
  }
}

const FEW_LINES = 64;
