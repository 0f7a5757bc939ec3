import http from "node:http";
import { probe } from "./health-row.ts";
import { load, type LoadResult, percentile, send, type Shot } from "./load.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startOurs } from "./servers.ts";

/** Rows that may wait: what bounds how long an accepted call takes. */
const QUEUE_ROWS = 30;
/** Callers behind a trusted proxy are told apart by the address that it tells. */
const A = { "x-forwarded-for": "192.0.2.1" };
const B = { "x-forwarded-for": "192.0.2.2" };

const shot = ({ port }: BenchServer, headers: http.OutgoingHttpHeaders): Shot => ({
  port,
  method: "POST",
  path: "/predict",
  body: JSON.stringify([[1, 2, 3, 4]]),
  headers,
});

/** What a server does that is asked for more than it can do: a model of 90 ms on one thread, so that the callers have a core too. */
export async function overloadRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  const seconds = short ? 8 : 20;
  const server = await startOurs("test/bench/slow-service.ts", {
    workers: 1,
    env: {
      BENCH_POOL: "1",
      BENTO_SERVER_LIMITS_QUEUE_ROWS: String(QUEUE_ROWS),
      BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    },
  });
  try {
    const idle = await probe(server.port, "/healthz", { until: pause(3) });
    const rounds: Round[] = [];
    for (let round = 0; round < 3; round += 1) rounds.push(await rush(server, seconds));
    return [...rushRows(rounds, p99Of(idle)), ...(await shareRows(server, seconds))];
  } finally {
    await server.stop();
  }
}

/** One peak and one rush of three times as much. */
interface Round {
  readonly peakPerSecond: number;
  readonly perSecond: number;
  readonly boundMs: number;
  readonly acceptedP99: number;
  readonly healthP99: number;
}

async function rush(server: BenchServer, seconds: number): Promise<Round> {
  const peak = await load(shot(server, A), { calls: 100_000, connections: 8, maxSeconds: seconds / 2 });
  const peakPerSecond = peak.calls / peak.seconds;
  const offered = offer(shot(server, A), { perSecond: 3 * peakPerSecond, seconds });
  const health = await probe(server.port, "/healthz", { until: offered });
  const { inTime, latenciesMs } = await offered;
  const perSecond = inTime / seconds;
  // At the pace of the rush itself: the machine may have become slower since the peak.
  const boundMs = (1000 * (QUEUE_ROWS + INSIDE)) / perSecond;
  return { peakPerSecond, perSecond, boundMs, acceptedP99: p99Of({ latenciesMs }), healthP99: p99Of(health) };
}

/** Calls that have begun stand before one that waits: one that runs, and at most two in the model's own line. */
const INSIDE = 3;

function rushRows(rounds: readonly Round[], idleP99: number): BenchRow[] {
  const of = (name: keyof Round): number[] => rounds.map((round) => round[name]);
  return [
    pairedRow(
      { name: "answered at 3 × saturation (bare: peak of the same server)", unit: "/s", target: "≥ 0.9 ×" },
      of("peakPerSecond"),
      of("perSecond"),
    ),
    pairedRow(
      {
        name: `  p99 of accepted calls (bare: a queue of ${QUEUE_ROWS} rows at that pace)`,
        unit: "ms",
        target: "≤ 1 ×",
      },
      of("boundMs"),
      of("acceptedP99"),
    ),
    pairedRow(
      { name: "  /healthz p99 meanwhile (bare: idle)", unit: "ms", target: "≤ 10 ×" },
      rounds.map(() => idleP99),
      of("healthP99"),
    ),
  ];
}

/** A caller who asks for a tenth of what the server can do, alone and beside one who asks for ten times as much. */
async function shareRows(server: BenchServer, seconds: number): Promise<BenchRow[]> {
  const peak = await load(shot(server, A), { calls: 100_000, connections: 8, maxSeconds: seconds / 2 });
  const perSecond = peak.calls / peak.seconds;
  const alone = await offer(shot(server, B), { perSecond: perSecond / 10, seconds });
  const [, beside] = await Promise.all([
    offer(shot(server, A), { perSecond: 10 * perSecond, seconds: 2 * seconds }),
    offer(shot(server, B), { perSecond: perSecond / 10, seconds: 2 * seconds }),
  ]);
  const { offered, latenciesMs } = beside;
  return [
    {
      name: "B's calls that are answered, A offers 10 × capacity (bare: B offers 0.1 ×)",
      bare: offered,
      ours: latenciesMs.length,
      unit: "",
      ratio: latenciesMs.length / offered,
      target: "≥ 0.9 ×",
    },
    {
      name: "  their p99 (bare: B alone)",
      bare: p99Of(alone),
      ours: p99Of(beside),
      unit: "ms",
      ratio: p99Of(beside) / p99Of(alone),
      target: "",
    },
  ];
}

const p99Of = ({ latenciesMs }: Pick<LoadResult, "latenciesMs">): number => percentile(latenciesMs, 0.99);

interface Offered {
  readonly offered: number;
  /** Of calls that were answered with 200, ascending. */
  readonly latenciesMs: readonly number[];
  /** How many of them were while calls were still sent. */
  readonly inTime: number;
}

/** Sends calls at a steady pace whether or not earlier ones were answered. */
async function offer(
  one: Shot,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Offered> {
  const agent = new http.Agent({ keepAlive: true });
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const secondsNow = (): number => (performance.now() - startMs) / 1000;
  let inTime = 0;
  const call = async (): Promise<void> => {
    const sentMs = performance.now();
    if ((await send(one, agent).catch(() => 0)) !== 200) return;
    latenciesMs.push(performance.now() - sentMs);
    if (secondsNow() <= seconds) inTime += 1;
  };
  const calls: Promise<void>[] = [];
  while (secondsNow() < seconds) {
    while (calls.length < secondsNow() * perSecond) calls.push(call());
    await pause(0.005);
  }
  await Promise.all(calls);
  agent.destroy();
  return { offered: calls.length, inTime, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
