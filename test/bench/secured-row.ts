import { loadGrpc } from "./grpc-load.ts";
import { inferMessage, MODEL_INFER } from "./infer-message.ts";
import { load, type LoadResult } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { ALLOWED, startSecured } from "./secured-server.ts";
import { type BenchServer, startBare, startBareGrpc, startOurs } from "./servers.ts";

interface Transport {
  readonly name: string;
  /** How much more than the bare handler a call may cost. */
  readonly target: string;
  startBare(model: string): Promise<BenchServer>;
  /** Sends calls over eight connections, with a token or without. */
  send(server: BenchServer, token: string | undefined, bounds: Bounds): Promise<LoadResult>;
}

interface Bounds {
  readonly calls: number;
  readonly connections: number;
  readonly maxSeconds: number;
}

const MODEL = "test/models/mlp-small.onnx";
const ROW = [5.1, 3.5, 1.4, 0.2];
const body = JSON.stringify({ x: [ROW] });

const TRANSPORTS = {
  rest: {
    name: "JSON over REST",
    target: "≤ 1.6 ×",
    startBare: (model) => startBare(model),
    send: ({ port }, token, bounds) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return load({ port, method: "POST", path: "/predict", body, headers }, bounds);
    },
  },
  grpc: {
    name: "ModelInfer raw over gRPC",
    target: "≤ 1.6 ×",
    startBare: startBareGrpc,
    send: ({ grpcPort }, token, bounds) => {
      const message = inferMessage("predict", [1, 4], Float32Array.from(ROW), "raw");
      return loadGrpc({ port: grpcPort, path: MODEL_INFER, message, token }, bounds);
    },
  },
} as const satisfies Record<string, Transport>;

/**
 * CPU per request with a verified token, rules, validation, metrics and audit to a file, beside the bare handler and beside our own server that is open to
 * everybody; rounds alternate, so that all three see the same machine.
 */
export async function securedRow(options: {
  readonly transport: keyof typeof TRANSPORTS;
  readonly rounds: number;
  readonly short: boolean;
}): Promise<BenchRow[]> {
  const transport: Transport = TRANSPORTS[options.transport];
  const bounds = { calls: options.short ? 3_000 : 10_000, connections: 8, maxSeconds: options.short ? 5 : 60 };
  const bare = await transport.startBare(MODEL);
  const open = await startOurs(MODEL, { workers: 1 });
  const secured = await startSecured(MODEL, { workers: 1 });
  const token = await secured.issuer.token(ALLOWED);
  const servers = [
    { server: bare, token: undefined, micros: new Array<number>() },
    { server: open, token: undefined, micros: new Array<number>() },
    { server: secured, token, micros: new Array<number>() },
  ] as const;
  try {
    for (let at = 0; at <= options.rounds; at += 1) {
      for (const one of servers) {
        const micros = await cpuMicros(one.server, () => transport.send(one.server, one.token, bounds));
        // The first round warms up.
        if (at > 0) one.micros.push(micros);
      }
    }
    const [ofBare, ofOpen, ofSecured] = servers.map(({ micros }) => micros);
    const name = `CPU per request with OIDC, rules and audit, small model, ${transport.name}, 1 worker`;
    return [
      pairedRow({ name, unit: "µs", target: transport.target }, ofBare ?? [], ofSecured ?? []),
      pairedRow(
        { name: "  the same beside our open server", unit: "µs", target: "≤ 1.1 ×" },
        ofOpen ?? [],
        ofSecured ?? [],
      ),
    ];
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

async function cpuMicros({ pid }: BenchServer, send: () => Promise<LoadResult>): Promise<number> {
  const before = figuresOf(pid).cpuSeconds;
  const { calls, failed } = await send();
  if (failed > 0) throw new Error(`${failed} of ${calls} calls failed`);
  return ((figuresOf(pid).cpuSeconds - before) * 1e6) / calls;
}
