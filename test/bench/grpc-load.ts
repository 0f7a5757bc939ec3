import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { LoadResult } from "./load.ts";

const same = (bytes: Buffer): Buffer => bytes;

/** A caller over gRPC whose messages are bytes: it costs nothing to make them. */
export interface GrpcCaller {
  /** Resolves with the reply, rejects with the status. */
  call(path: string, message: Buffer, metadata?: Metadata): Promise<Buffer>;
  close(): void;
}

/** Opens a connection of its own. */
export function openGrpc(port: number): GrpcCaller {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  return {
    call: (path, message, metadata = new Metadata()) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, same, same, message, metadata, (error, reply) => {
          if (error !== null || reply === undefined) reject(error ?? new Error("no reply"));
          else resolve(reply);
        });
      }),
    close: () => client.close(),
  };
}

/** Sends `calls` messages over `connections` connections by `callers`, one on each unless given, each one at a time; stops early after `maxSeconds`. */
export async function loadGrpc(
  shot: { readonly port: number; readonly path: string; readonly message: Buffer; readonly token?: string | undefined },
  options: {
    readonly calls: number;
    readonly connections: number;
    readonly callers?: number;
    readonly maxSeconds: number;
  },
): Promise<LoadResult> {
  const open = Array.from({ length: options.connections }, () => openGrpc(shot.port));
  const callers = Array.from({ length: options.callers ?? open.length }, (_, at) => open[at % open.length]);
  const metadata = new Metadata();
  if (shot.token !== undefined) metadata.set("authorization", `Bearer ${shot.token}`);
  const latenciesMs: number[] = [];
  let left = options.calls;
  let failed = 0;
  const startMs = performance.now();
  const endMs = startMs + options.maxSeconds * 1000;
  await Promise.all(
    callers.map(async (caller) => {
      while (left > 0 && performance.now() < endMs) {
        left -= 1;
        const sentMs = performance.now();
        await caller?.call(shot.path, shot.message, metadata).catch(() => (failed += 1));
        latenciesMs.push(performance.now() - sentMs);
      }
    }),
  );
  for (const caller of open) caller.close();
  const seconds = (performance.now() - startMs) / 1000;
  return { calls: latenciesMs.length, failed, seconds, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}
