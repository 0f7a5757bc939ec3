import { rmSync } from "node:fs";
import { type GrpcTestClient, grpcClient } from "./grpc-client.ts";
import { makeProject } from "./run-command.ts";
import { serve, type ServerProcess } from "./server-process.ts";

/** A served service, and a client of the Open Inference Protocol over gRPC. */
export interface ServedSource {
  readonly server: ServerProcess;
  readonly grpc: GrpcTestClient;
  stop(): Promise<void>;
}

/** Serves a service from its source, by one worker. */
export async function serveSource(source: string): Promise<ServedSource> {
  const dir = makeProject({ "service.ts": source });
  const server = await serve(`${dir}/service.ts`, { flags: ["--workers", "1", "--grpc-port", "0"] });
  const grpc = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
  return {
    server,
    grpc,
    async stop() {
      grpc.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
