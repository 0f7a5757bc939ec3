import { loadGrpc } from "./grpc-load.ts";
import { inferMessage, MODEL_INFER } from "./infer-message.ts";
import { load, type LoadResult, median } from "./load.ts";
import { OUR_SHOTS, type Peer, PEERS, type Route, ROUTES, ROW } from "./peers/peers.ts";
import { startPeer, versionOf } from "./peers/start-peer.ts";
import { figuresOf } from "./process-figures.ts";
import type { BenchRow } from "./rows.ts";
import { type BenchServer, startOurs } from "./servers.ts";

interface Started {
  readonly peer: Peer;
  readonly server: BenchServer;
}

interface Round {
  readonly cpuMicros: number;
  readonly perSecond: number;
}

/** What ran beside us and how, and why another one did not. */
export interface PeerReport {
  readonly rows: readonly BenchRow[];
  /** A line a peer. */
  readonly notes: readonly string[];
}

const CONNECTIONS = 8;
/** A server's turn comes after those of all others: what the machine took from it meanwhile, such as caches and memory, it has back after so many calls. */
const CALLS_BEFORE = 1_000;

/** How many calls each server gets: once to warm up, and in each round. */
interface Load {
  readonly warmUp: number;
  readonly rounds: number;
  readonly calls: number;
}

/** CPU per request of servers of others and of ours, the small model, one worker each; all take turns in each round, so that they see the same machine. */
export async function peerRows(options: Load): Promise<PeerReport> {
  const notes: string[] = [];
  const started: Started[] = [];
  const ours = await startOurs("test/models/mlp-small.onnx", { workers: 1 });
  try {
    for (const peer of PEERS) {
      const title = `${peer.name} ${versionOf(peer.folder, peer.pypi)}`;
      try {
        started.push({ peer, server: await startPeer(peer) });
        notes.push(`${title}: ${peer.configuration}`);
      } catch (error) {
        notes.push(`${title}: NOT MEASURED, ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const measured = await measure({ ours, started, ...options });
    return { rows: measured, notes };
  } finally {
    for (const { server } of started) await server.stop();
    await ours.stop();
  }
}

async function measure(
  options: Load & { readonly ours: BenchServer; readonly started: readonly Started[] },
): Promise<readonly BenchRow[]> {
  const { ours, started, warmUp, rounds, calls } = options;
  const all = [
    ...ROUTES.map((route) => ({ server: ours, route, rounds: new Array<Round>() })),
    ...started.flatMap(({ peer, server }) =>
      [...new Set(peer.rows.map(({ theirs }) => theirs))].map((route) => ({
        server,
        route,
        rounds: new Array<Round>(),
      })),
    ),
  ];
  for (const one of all) await measureRound(one.server, one.route, warmUp);
  for (let at = 0; at < rounds; at += 1)
    for (const one of all) one.rounds.push(await measureRound(one.server, one.route, calls));
  const roundsOf = (server: BenchServer, route: Route): readonly Round[] =>
    all.find((one) => one.server === server && one.route === route)?.rounds ?? [];
  return started.flatMap(({ peer, server }) =>
    peer.rows.flatMap((row) => {
      const target = row.atLeast === undefined ? "" : `≥ ${row.atLeast} ×`;
      const name = `CPU per request, ${peer.name}, ${row.label}`;
      return rowsOf({ name, target }, roundsOf(server, row.theirs), roundsOf(ours, row.ours));
    }),
  );
}

/** How many times better ours is: medians, and the median of the rounds' own ratios. */
function rowsOf(
  labels: Pick<BenchRow, "name" | "target">,
  theirs: readonly Round[],
  ours: readonly Round[],
): readonly BenchRow[] {
  const times = (key: keyof Round): number =>
    median(theirs.map((one, index) => one[key] / (ours[index]?.[key] ?? Number.NaN)));
  const both = (key: keyof Round): Pick<BenchRow, "bare" | "ours"> => ({
    bare: median(theirs.map((one) => one[key])),
    ours: median(ours.map((one) => one[key])),
  });
  return [
    { ...labels, ...both("cpuMicros"), unit: "µs", ratio: times("cpuMicros") },
    { name: "  requests per second", ...both("perSecond"), unit: "/s", ratio: 1 / times("perSecond"), target: "" },
  ];
}

async function measureRound(server: BenchServer, route: Route, calls: number): Promise<Round> {
  await send(server, route, { calls: CALLS_BEFORE, connections: CONNECTIONS, maxSeconds: 60 });
  const before = figuresOf(server.pid).cpuSeconds;
  const result = await send(server, route, { calls, connections: CONNECTIONS, maxSeconds: 60 });
  const cpuSeconds = figuresOf(server.pid).cpuSeconds - before;
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.calls} calls failed`);
  return { cpuMicros: (cpuSeconds * 1e6) / result.calls, perSecond: result.calls / result.seconds };
}

function send(
  { port, grpcPort }: BenchServer,
  route: Route,
  bounds: { readonly calls: number; readonly connections: number; readonly maxSeconds: number },
): Promise<LoadResult> {
  if (route !== "grpc") return load({ port, method: "POST", ...OUR_SHOTS[route] }, bounds);
  const message = inferMessage("predict", [1, ROW.length], Float32Array.from(ROW), "raw");
  return loadGrpc({ port: grpcPort, path: MODEL_INFER, message }, bounds);
}
