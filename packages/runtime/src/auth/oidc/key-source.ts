import { refusedToken } from "../bearer-refusal.ts";
import type { Clock } from "../types.ts";
import { type KeySet, parseKeySet, type VerificationKey } from "./key-set.ts";
import type { LoadedKeys, Look } from "./load-keys.ts";

/** What came of one look for an issuer's keys, for log and metrics. */
export type KeyEvent =
  | {
      readonly kind: "loaded";
      readonly issuer: string;
      readonly set: KeySet;
      readonly gone: readonly VerificationKey[];
    }
  | { readonly kind: "failed"; readonly issuer: string; readonly cause: unknown; readonly retryInMs: number };

export interface KeySourceOptions {
  readonly issuer: string;
  readonly load: (look: Look) => Promise<LoadedKeys>;
  readonly maxStaleMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told of each look after its outcome is in force. */
  readonly onEvent: (event: KeyEvent) => void;
}

const TIMEOUT_MS = 5_000;
const COOLDOWN_MS = 30_000;
const FIRST_BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 60_000;
/** Part of their age after which keys are looked for again, so that no caller waits for it. */
const REFRESH_AT = 0.8;

/**
 * The keys of one issuer, kept up to date in the background.
 *
 * Moves: empty → loaded by the first good look; loaded → loaded by each later one, which replaces the whole set; a failed look changes nothing but when the next
 * is: 1 s, doubled up to 60 s. Keys serve until `maxStaleMs` after their age. At most one look runs at a time. `close` ends it all.
 */
export class KeySource {
  readonly #options: KeySourceOptions;
  #set: KeySet | undefined;
  #servesUntilMs = -Infinity;
  #failures = 0;
  /** Whether a look for an unknown key failed: the next one must not be answered by what somebody held before. */
  #isOwed = false;
  #askedAtMs = -Infinity;
  #look: Promise<void> | undefined;
  #cancelNext: () => void = () => undefined;
  readonly #closing = new AbortController();

  constructor(options: KeySourceOptions) {
    this.#options = options;
  }

  /** Looks for the keys now, or joins the look that runs; never rejects. */
  look(): Promise<void> {
    return this.#lookNow();
  }

  /** Whether keys were found at least once. */
  get hasLoaded(): boolean {
    return this.#set !== undefined;
  }

  /** Whether the last look failed, so that keys may be missing. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** The keys in force; throws UNAVAILABLE when there are none or they were kept too long. */
  current(): KeySet {
    if (this.#set === undefined) throw refusedToken("keys_unavailable", `${this.#options.issuer}: no keys yet`);
    if (this.#options.clock.now() >= this.#servesUntilMs)
      throw refusedToken("keys_unavailable", `${this.#options.issuer}: its keys are too old to be relied on`);
    return this.#set;
  }

  /** As `current`, after the look that may be running when there are no keys. */
  async whenLoaded(): Promise<KeySet> {
    if (this.#set === undefined) await this.#look;
    return this.current();
  }

  /**
   * Looks again because a token may be of a key that is not known yet: once in 30 s, whatever came of it, so that made-up tokens cost the issuer nothing.
   *
   * Gives whether a look was made or joined.
   */
  async lookAgain(): Promise<boolean> {
    const now = this.#options.clock.now();
    if (this.#look === undefined) {
      if (now - this.#askedAtMs < COOLDOWN_MS) return false;
      this.#askedAtMs = now;
    }
    await this.#lookNow(true);
    return true;
  }

  /** Whether a key is still in force. */
  holds(key: VerificationKey): boolean {
    return this.#set?.keys.some(({ id }) => id === key.id) ?? false;
  }

  close(): void {
    this.#cancelNext();
    this.#closing.abort(new Error("the server stops"));
  }

  #lookNow(isUrgent = false): Promise<void> {
    this.#look ??= this.#lookOnce(isUrgent).finally(() => (this.#look = undefined));
    return this.#look;
  }

  async #lookOnce(isWanted: boolean): Promise<void> {
    const isUrgent = isWanted || this.#isOwed;
    this.#cancelNext();
    try {
      const loaded = await this.#loadInTime(isUrgent);
      if (this.#closing.signal.aborted) return;
      this.#take(loaded, parseKeySet(loaded.document, this.#options.issuer));
    } catch (cause) {
      if (this.#closing.signal.aborted) return;
      this.#failures += 1;
      this.#isOwed = isUrgent;
      const retryInMs = this.#backOffMs();
      this.#lookIn(retryInMs);
      this.#options.onEvent({ kind: "failed", issuer: this.#options.issuer, cause, retryInMs });
    }
  }

  async #loadInTime(isUrgent: boolean): Promise<LoadedKeys> {
    const { clock, load } = this.#options;
    const late = new AbortController();
    const cancel = clock.schedule(() => late.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    const signal = AbortSignal.any([late.signal, this.#closing.signal]);
    try {
      // A file on a dead mount ignores the signal.
      return await Promise.race([load({ signal, isUrgent }), rejectOn(signal)]);
    } finally {
      cancel();
    }
  }

  #take({ maxAgeMs }: LoadedKeys, set: KeySet): void {
    const before = this.#set?.keys ?? [];
    this.#set = set;
    this.#failures = 0;
    this.#isOwed = false;
    this.#servesUntilMs = this.#options.clock.now() + maxAgeMs + this.#options.maxStaleMs;
    this.#lookIn(maxAgeMs * REFRESH_AT);
    const gone = before.filter((key) => !this.holds(key));
    this.#options.onEvent({ kind: "loaded", issuer: this.#options.issuer, set, gone });
  }

  #backOffMs(): number {
    const ceiling = Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (this.#failures - 1));
    // Servers that failed together must not all come back together.
    return ceiling * (0.5 + this.#options.random() / 2);
  }

  #lookIn(delayMs: number): void {
    this.#cancelNext = this.#options.clock.schedule(() => void this.#lookNow(), delayMs);
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
