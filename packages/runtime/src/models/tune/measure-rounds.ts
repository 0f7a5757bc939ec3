import { percentile } from "../percentile.ts";

/** How long the runs of one candidate take. */
export interface Timing {
  /** Runs that were measured. */
  readonly runs: number;
  /** Median of the rounds' medians. */
  readonly p50Ms: number;
  /** 95th percentile of all runs, by nearest rank. */
  readonly p95Ms: number;
}

export interface RoundOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** No round begins after this time but the first. */
  readonly untilMs: number;
  readonly maxRounds: number;
  /** A candidate is run again and again for so long in each round, once at least. */
  readonly visitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Measures candidates against each other: in rounds, each of which runs every candidate, so that what else the machine does meanwhile meets all of them.
 *
 * Each visit begins with a run that does not count, unless one run takes longer than a visit. Throws what a run throws, and the signal's reason between two runs.
 */
export async function measureRounds(
  candidates: readonly (() => Promise<unknown>)[],
  options: RoundOptions,
): Promise<readonly Timing[]> {
  const { now, untilMs, maxRounds } = options;
  const visits = candidates.map((): number[][] => []);
  for (let round = 0; round < maxRounds && (round === 0 || now() < untilMs); round += 1) {
    // To and fro: nobody always comes behind the same neighbour.
    const order = [...candidates.keys()];
    if (round % 2 === 1) order.reverse();
    for (const index of order) {
      const [run, own] = [candidates[index], visits[index]];
      if (run !== undefined && own !== undefined) own.push(await visit(run, own.at(-1), options));
    }
  }
  return visits.map(toTiming);
}

async function visit(
  run: () => Promise<unknown>,
  before: readonly number[] | undefined,
  { now, visitMs, signal }: RoundOptions,
): Promise<number[]> {
  const times: number[] = [];
  const timed = async (): Promise<number> => {
    signal.throwIfAborted();
    const start = now();
    await run();
    return now() - start;
  };
  const isSlow = (before?.[0] ?? 0) > visitMs;
  if (!isSlow) await timed();
  const begin = now();
  do times.push(await timed());
  while (now() - begin < visitMs);
  return times;
}

function toTiming(visits: readonly (readonly number[])[]): Timing {
  const all = visits.flat();
  const medians = visits.map((times) => percentile(times, 0.5));
  return { runs: all.length, p50Ms: percentile(medians, 0.5), p95Ms: percentile(all, 0.95) };
}
