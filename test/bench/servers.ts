import { resolve } from "node:path";
import { root, serve, type ServerProcess, startProcess } from "../support/server-process.ts";

/** A server under measurement. */
export interface BenchServer {
  readonly pid: number;
  readonly port: number;
  /** Port of metrics and probes; the same as `port` for a bare server. */
  readonly adminPort: number;
  /** The same as `port` where nothing else is said. */
  readonly grpcPort: number;
  stop(): Promise<unknown>;
}

/** Starts the bare handler: fastify and onnxruntime-node; "sum" for one without a model. */
export async function startBare(
  model: string,
  options: { readonly workers?: number; readonly body?: "nested" | "frame" | "v2" | "binary" } = {},
): Promise<BenchServer> {
  const args = [
    `${root}test/bench/bare-server.mjs`,
    model === "sum" ? model : `${root}${model}`,
    String(options.workers ?? 0),
    options.body ?? "nested",
  ];
  return toBenchServer(await startProcess(args, /listening (http:\S+)/));
}

/** Starts the bare handler of a SavedModel: fastify and the prepared tfjs-node. */
export async function startBareTensorFlow(addonDir: string, model: string, input: string): Promise<BenchServer> {
  const args = [`${root}test/bench/bare-tensorflow-server.mjs`, addonDir, model, input];
  return toBenchServer(await startProcess(args, /listening (http:\S+)/));
}

/** Starts the bare gRPC handler: grpc-js, proto-loader and onnxruntime-node; "sum" for one without a model. */
export async function startBareGrpc(model: string): Promise<BenchServer> {
  const file = model === "sum" ? model : `${root}${model}`;
  return toBenchServer(await startProcess([`${root}test/bench/bare-grpc-server.ts`, file], /listening (http:\S+)/));
}

/** Starts our server by the command that a user would type. */
export async function startOurs(
  target: string,
  options: { readonly workers: number; readonly env?: Readonly<Record<string, string>> },
): Promise<BenchServer> {
  const flags = ["--workers", String(options.workers), "--grpc-port", "0"];
  return toBenchServer(await serve(resolve(root, target), { flags, env: options.env ?? {} }));
}

function toBenchServer(server: ServerProcess): BenchServer {
  return {
    pid: server.pid,
    port: Number(new URL(server.url).port),
    adminPort: Number(new URL(server.adminUrl).port),
    grpcPort: Number(new URL(server.grpcAddress === "" ? server.url : `http://${server.grpcAddress}`).port),
    stop: () => server.stop(),
  };
}
