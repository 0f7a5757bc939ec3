/** What is kept of a verified token. */
export interface CachedToken<T> {
  readonly value: T;
  /** Key that made its signature. */
  readonly keyId: string;
  /** Epoch milliseconds at which it ends. */
  readonly expiresAtMs: number;
  /** Length of the token, as the measure of the memory that its claims take. */
  readonly size: number;
}

export interface TokenCacheLimits {
  readonly maxTokens: number;
  readonly maxSize: number;
}

/**
 * Verified tokens by digest: what is asked for comes from one look into a map.
 *
 * Bounded by number and by size; when full, the oldest that was not asked for since it was last passed over leaves. A token ends at its `exp`, and with its key.
 */
export class TokenCache<T> {
  readonly #limits: TokenCacheLimits;
  readonly #entries = new Map<string, CachedToken<T> & { used: boolean }>();
  readonly #digestsOfKey = new Map<string, Set<string>>();
  #size = 0;

  constructor(limits: TokenCacheLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#entries.size;
  }

  get(digest: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    if (nowMs >= entry.expiresAtMs) {
      this.#remove(digest, entry);
      return undefined;
    }
    entry.used = true;
    return entry.value;
  }

  put(digest: string, token: CachedToken<T>): void {
    const before = this.#entries.get(digest);
    if (before !== undefined) this.#remove(digest, before);
    if (token.size > this.#limits.maxSize) return;
    while (this.#entries.size >= this.#limits.maxTokens || this.#size + token.size > this.#limits.maxSize)
      this.#makeRoom();
    this.#entries.set(digest, { ...token, used: false });
    this.#size += token.size;
    const digests = this.#digestsOfKey.get(token.keyId);
    if (digests === undefined) this.#digestsOfKey.set(token.keyId, new Set([digest]));
    else digests.add(digest);
  }

  /** Forgets every token of a key. */
  dropKey(keyId: string): void {
    for (const digest of this.#digestsOfKey.get(keyId) ?? []) {
      const entry = this.#entries.get(digest);
      if (entry !== undefined) this.#remove(digest, entry);
    }
  }

  /** Passes over each used entry once, moving it to the young end, and removes the first that is not. */
  #makeRoom(): void {
    for (const [digest, entry] of this.#entries) {
      if (!entry.used) return this.#remove(digest, entry);
      entry.used = false;
      this.#entries.delete(digest);
      this.#entries.set(digest, entry);
    }
  }

  #remove(digest: string, entry: CachedToken<T>): void {
    this.#entries.delete(digest);
    this.#size -= entry.size;
    const digests = this.#digestsOfKey.get(entry.keyId);
    digests?.delete(digest);
    if (digests?.size === 0) this.#digestsOfKey.delete(entry.keyId);
  }
}
