import { type Bucket, type BucketPolicy, fullBucket, msUntil, refilled } from "./token-bucket.ts";

/** What a worker asks of the buckets of the whole server. */
export interface BucketQuestion {
  /** Which of the policies, by its place. */
  readonly limit: number;
  readonly key: string;
  /** Tokens that are taken at once, all or none; 0 only looks whether one is there. */
  readonly need: number;
  /** Tokens wanted beside these, to be taken later without asking. */
  readonly wish: number;
  /** A loan that is given back, with what was not taken of it. */
  readonly back?: { readonly loan: number; readonly unused: number } | undefined;
}

export interface BucketAnswer {
  readonly granted: boolean;
  /** Milliseconds until the tokens would be there; 0 when they were. */
  readonly waitMs: number;
  /** Whole tokens that are left. */
  readonly remaining: number;
  readonly loan: Loan | undefined;
}

/** Tokens that may be taken without asking within `LOAN_MS`; what is not taken by then counts as taken. */
export interface Loan {
  readonly id: number;
  readonly tokens: number;
}

/** How long a loan is good, counted by its taker from before it asked: then it never outlives what the lender takes it for. */
export const LOAN_MS = 1_000;

/** The buckets of the whole server, by limit and key. */
export interface BucketStore {
  answer(question: BucketQuestion, nowMs: number): BucketAnswer;
  /** Takes a token that may not be there: what was spent before it could be refused. A bucket owes its burst at the most. */
  charge(limit: number, key: string, nowMs: number): void;
  readonly size: number;
}

export interface BucketStoreOptions {
  readonly policies: readonly BucketPolicy[];
  /** Keys that are remembered; the one that was used longest ago is forgotten first, and starts with a full bucket if it comes back. */
  readonly maxKeys: number;
  /** Who may hold loans at once: each gets a part only. */
  readonly takers: number;
}

interface Held {
  bucket: Bucket;
  readonly loans: Map<number, { readonly tokens: number; readonly untilMs: number }>;
}

/** Makes buckets that are all full. Source: security.md A9, note 3. */
export function createBucketStore({ policies, maxKeys, takers }: BucketStoreOptions): BucketStore {
  const buckets = new Map<string, Held>();
  let lastLoan = 0;

  function open(limit: number, key: string, nowMs: number): { held: Held; policy: BucketPolicy } {
    const policy = policies[limit];
    if (policy === undefined) throw new RangeError(`there is no limit ${limit}`);
    const name = `${limit} ${key}`;
    const held = buckets.get(name) ?? { bucket: fullBucket(policy, nowMs), loans: new Map() };
    for (const [id, { untilMs }] of held.loans) if (untilMs <= nowMs) held.loans.delete(id);
    held.bucket = refilled(held.bucket, policy, nowMs, lentOf(held));
    // Behind all others: the first is the one that was used longest ago.
    buckets.delete(name);
    buckets.set(name, held);
    for (const [oldest, { loans }] of buckets) {
      if (buckets.size <= maxKeys) break;
      // One of whose tokens some are lent must not come back full.
      if (![...loans.values()].some(({ untilMs }) => untilMs > nowMs)) buckets.delete(oldest);
    }
    return { held, policy };
  }

  return {
    get size() {
      return buckets.size;
    },
    answer({ limit, key, need, wish, back }, nowMs) {
      const { held, policy } = open(limit, key, nowMs);
      // One that is over already counts as taken.
      const returned = back === undefined ? undefined : held.loans.get(back.loan);
      if (back !== undefined && returned !== undefined) {
        held.loans.delete(back.loan);
        take(held, -Math.min(back.unused, returned.tokens));
      }
      const waitMs = msUntil(held.bucket, policy, Math.max(1, need));
      if (waitMs > 0) return { granted: false, waitMs, remaining: wholeOf(held), loan: undefined };
      take(held, need);
      const tokens = Math.min(wish, Math.floor(held.bucket.tokens / (2 * takers)));
      if (tokens < 1) return { granted: true, waitMs: 0, remaining: wholeOf(held), loan: undefined };
      lastLoan += 1;
      take(held, tokens);
      held.loans.set(lastLoan, { tokens, untilMs: nowMs + LOAN_MS });
      return { granted: true, waitMs: 0, remaining: wholeOf(held) + tokens, loan: { id: lastLoan, tokens } };
    },
    charge(limit, key, nowMs) {
      const { held, policy } = open(limit, key, nowMs);
      held.bucket = { ...held.bucket, tokens: Math.max(-policy.burst, held.bucket.tokens - 1) };
    },
  };
}

function lentOf({ loans }: Held): number {
  let lent = 0;
  for (const { tokens } of loans.values()) lent += tokens;
  return lent;
}

function take(held: Held, tokens: number): void {
  held.bucket = { ...held.bucket, tokens: held.bucket.tokens - tokens };
}

function wholeOf({ bucket }: Held): number {
  return Math.max(0, Math.floor(bucket.tokens));
}
