import { type BucketAnswer, type BucketQuestion, LOAN_MS } from "./bucket-store.ts";

/** Asks the buckets of the whole server. Rejects when they can't be asked: then nothing is let in. */
export type AskBuckets = (question: BucketQuestion) => Promise<BucketAnswer>;

/** Why a token can't be had. */
export interface Shortage {
  readonly waitMs: number;
  readonly remaining: number;
}

/** One worker's part of the buckets: what it may take without asking, and who has to wait. */
export interface Loans {
  /** Takes tokens: undefined when they were had. At once where the worker knows the answer. */
  take(limit: number, key: string, need: number): Shortage | undefined | Promise<Shortage | undefined>;
  /** To be called each `SWEEP_MS`: gives back what is not used and forgets keys that nobody uses. */
  sweep(): void;
  readonly size: number;
}

export interface LoansOptions {
  readonly ask: AskBuckets;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Keys that are remembered. */
  readonly maxKeys: number;
}

/** Half of the time that a loan is good, so that what is not used comes back. */
export const SWEEP_MS = LOAN_MS / 2;

interface Entry {
  readonly limit: number;
  readonly key: string;
  loan: { readonly id: number; left: number; readonly untilMs: number } | undefined;
  isAsking: boolean;
  /** Tokens taken since the last sweep, and between the two before: what is wished for. */
  taken: number;
  wish: number;
  /** Until then so many tokens are not there. */
  denied: { readonly need: number; readonly untilMs: number } | undefined;
}

/** Makes a worker's part. */
export function createLoans({ ask, nowMs, maxKeys }: LoansOptions): Loans {
  const entries = new Map<string, Entry>();

  function open(limit: number, key: string): Entry {
    const name = `${limit} ${key}`;
    const entry = entries.get(name) ?? freshEntry(limit, key);
    entries.delete(name);
    entries.set(name, entry);
    for (const [oldest] of entries) {
      if (entries.size <= maxKeys) break;
      // A loan that is forgotten counts as taken in the end: less is let in, never more.
      entries.delete(oldest);
    }
    return entry;
  }

  async function askFor(entry: Entry, need: number): Promise<Shortage | undefined> {
    const askedMs = nowMs();
    const { limit, key, loan } = entry;
    // One loan at a time: questions that are asked meanwhile wish for none.
    const wish = entry.isAsking ? 0 : entry.wish;
    const isFirst = !entry.isAsking;
    const back = isFirst && loan !== undefined ? { loan: loan.id, unused: loan.left } : undefined;
    if (isFirst) entry.loan = undefined;
    entry.isAsking = true;
    try {
      const answer = await ask({ limit, key, need, wish, back });
      if (answer.loan !== undefined)
        entry.loan = { id: answer.loan.id, left: answer.loan.tokens, untilMs: askedMs + LOAN_MS };
      if (answer.granted) return undefined;
      entry.denied = { need, untilMs: nowMs() + answer.waitMs };
      return { waitMs: answer.waitMs, remaining: answer.remaining };
    } finally {
      if (isFirst) entry.isAsking = false;
    }
  }

  return {
    get size() {
      return entries.size;
    },
    take(limit, key, need) {
      const entry = open(limit, key);
      const now = nowMs();
      const { loan, denied } = entry;
      if (loan !== undefined && loan.untilMs > now && loan.left >= need) {
        loan.left -= need;
        entry.taken += need;
        return undefined;
      }
      // A flood of calls that have to wait costs no question each.
      if (denied !== undefined && denied.untilMs > now && need >= denied.need)
        return { waitMs: denied.untilMs - now, remaining: 0 };
      entry.taken += need;
      return askFor(entry, need);
    },
    sweep() {
      const now = nowMs();
      for (const [name, entry] of entries) {
        const { limit, key, loan, taken, denied, isAsking } = entry;
        if (taken === 0 && loan !== undefined) {
          entry.loan = undefined;
          // What can't be given back counts as taken in the end.
          if (loan.untilMs > now)
            void ask({ limit, key, need: 0, wish: 0, back: { loan: loan.id, unused: loan.left } }).catch(
              () => undefined,
            );
        }
        entry.wish = taken;
        entry.taken = 0;
        if (taken === 0 && !isAsking && (denied === undefined || denied.untilMs <= now)) entries.delete(name);
      }
    },
  };
}

function freshEntry(limit: number, key: string): Entry {
  return { limit, key, loan: undefined, isAsking: false, taken: 0, wish: 0, denied: undefined };
}
