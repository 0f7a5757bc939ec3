import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { findNativeTensorFlow } from "@bento-ts/runtime/tensorflow";
import { startDevIssuer } from "../../packages/runtime/src/testing/dev-idp/index.ts";
import { grpcClient, type GrpcTestClient } from "../support/grpc-client.ts";
import { bentoTs } from "../support/run-command.ts";
import { root } from "../support/server-process.ts";
import { probe } from "./health-row.ts";
import { percentile } from "./load.ts";
import { figuresOf, forgetPeak } from "./process-figures.ts";
import type { BenchRow } from "./rows.ts";
import { startBare, startOurs } from "./servers.ts";

const SAMPLES = 43_844;
const WINDOWS = 598;
/** 104.9 MB. */
const PAYLOAD_BYTES = WINDOWS * SAMPLES * 4;
const IDLE_SECONDS = 3;

/** What is seen of one call of the whole payload. */
interface Seen {
  readonly ms: number;
  readonly healthP99: number;
  /** Peak of the resident memory of all processes above that before the call, in payloads. */
  readonly growth: number;
}

/** 100 MB of sound in one gRPC call to the SavedModel of examples/pitch: with a token, and with a bad one. What is not installed is left out. */
export async function pitchRow(): Promise<BenchRow[]> {
  const model = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models/pitch/nmp");
  if (findNativeTensorFlow(process.env) === undefined || !existsSync(model)) {
    process.stderr.write("left out: bring scripts/install-tensorflow.sh and scripts/fetch-pitch-model.sh\n");
    return [];
  }
  const idleP99 = await idleHealth();
  const dir = mkdtempSync(join(tmpdir(), "bento-bench-pitch-"));
  const proto = join(dir, "pitch.proto");
  writeFileSync(proto, (await bentoTs(["proto", `${root}examples/pitch`])).stdout);
  const issuer = await startDevIssuer({ audience: "pitch" });
  const issuers = [{ issuer: issuer.issuer, audiences: ["pitch"], groupsClaim: "groups" }];
  const ours = await startOurs("examples/pitch", {
    workers: 1,
    env: { BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify(issuers) },
  });
  const client = grpcClient(`127.0.0.1:${ours.grpcPort}`, proto, "bento.pitch.v1.Pitch");
  try {
    const refused = await seen(ours, () => send(client, "nobody", status.UNAUTHENTICATED));
    const token = await issuer.token({ groups: ["musicians"] });
    const answered = await seen(ours, () => send(client, token, status.OK));
    return rowsOf({ refused, answered, idleP99 });
  } finally {
    client.close();
    await ours.stop();
    await issuer.close();
    rmSync(dir, { recursive: true });
  }
}

async function idleHealth(): Promise<number> {
  const idle = await startBare("test/models/mlp-small.onnx");
  try {
    const until = new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    return percentile((await probe(idle.port, "/healthz", { until })).latenciesMs, 0.99);
  } finally {
    await idle.stop();
  }
}

async function send(client: GrpcTestClient, token: string, expected: number): Promise<void> {
  const sound = Buffer.alloc(PAYLOAD_BYTES);
  const samples = new Float32Array(sound.buffer, sound.byteOffset, WINDOWS * SAMPLES);
  for (let at = 0; at < samples.length; at += 1) samples[at] = Math.sin((2 * Math.PI * 440 * at) / 22_050);
  const request = { input: { shape: [WINDOWS, SAMPLES, 1], data: sound } };
  const metadata = { authorization: `Bearer ${token}` };
  const { code, details } = await client.call("Activations", [request], { metadata });
  if (code !== expected) throw new Error(`the call of 100 MB ended with ${code}: ${details}`);
}

async function seen(server: { readonly pid: number; readonly port: number }, call: () => Promise<void>): Promise<Seen> {
  forgetPeak(server.pid);
  const before = figuresOf(server.pid).rssBytes;
  const startMs = performance.now();
  const called = call();
  const [{ latenciesMs }] = await Promise.all([probe(server.port, "/healthz", { until: called }), called]);
  const ms = performance.now() - startMs;
  const growth = (figuresOf(server.pid).peakBytes - before) / PAYLOAD_BYTES;
  return { ms, growth, healthP99: percentile(latenciesMs, 0.99) };
}

function rowsOf({
  refused,
  answered,
  idleP99,
}: {
  readonly refused: Seen;
  readonly answered: Seen;
  readonly idleP99: number;
}): BenchRow[] {
  const alone = (name: string, ours: number, unit: string, target: string): BenchRow => ({
    name,
    bare: undefined,
    ours,
    unit,
    ratio: undefined,
    target,
  });
  return [
    alone("100 MB of sound to a SavedModel over gRPC, with a token", answered.ms, "ms", ""),
    alone("  growth of resident memory at its peak", answered.growth, "payloads", "≤ 4 payloads"),
    {
      name: "  /healthz p99 meanwhile (bare: idle server)",
      bare: idleP99,
      ours: answered.healthP99,
      unit: "ms",
      ratio: answered.healthP99 / idleP99,
      target: "≤ 10 ×",
    },
    alone("the same with a bad token: growth of resident memory", refused.growth, "payloads", ""),
  ];
}
