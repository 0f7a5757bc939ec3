import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

const servers: ServerProcess[] = [];
const started = async (...args: Parameters<typeof serve>): Promise<ServerProcess> => {
  const server = await serve(...args);
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

interface Statistics {
  readonly model_stats: readonly {
    readonly inference_count: number;
    readonly inference_stats: Readonly<Record<string, { readonly count: number }>>;
  }[];
}

describe("a model file over the Open Inference Protocol V2", () => {
  it("answers over REST and gRPC, is told apart by its engine, and is counted over all workers", async () => {
    const server = await started(`${root}test/models/mlp-small.onnx`, {
      flags: ["--workers", "2", "--grpc-port", "0"],
    });
    const { x } = JSON.parse(await readFile(`${root}test/models/mlp-small.in.json`, "utf8")) as { x: number[][] };
    // What NumPy computed.
    const { y } = JSON.parse(await readFile(`${root}test/models/mlp-small.out.json`, "utf8")) as { y: number[][] };
    const shape = [x.length, 4];
    const url = `${server.url}/v2/models/mlp-small`;
    const metadata = await (await fetch(url)).json();
    expect(metadata).toEqual({
      name: "mlp-small",
      versions: ["1"],
      platform: "onnx_onnxv1",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 3] }],
    });
    const rest = await fetch(`${url}/infer`, {
      method: "POST",
      body: JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape, data: x }] }),
    });
    const { outputs } = (await rest.json()) as { outputs: readonly { readonly data: readonly number[] }[] };
    expect(distance(outputs[0]?.data ?? [], y.flat())).toBeLessThan(1e-6);

    const calls = Array.from({ length: 6 }, async () => {
      // Each over a connection of its own: they are spread over the workers.
      const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService", {
        "grpc.use_local_subchannel_pool": 1,
      });
      const raw = Buffer.from(Float32Array.from(x.flat()).buffer);
      const request = {
        model_name: "predict",
        inputs: [{ name: "x", datatype: "FP32", shape }],
        raw_input_contents: [raw],
      };
      const { messages } = await client.call<{ readonly raw_output_contents: readonly Buffer[] }>("ModelInfer", [
        request,
      ]);
      client.close();
      const bytes = new Uint8Array(messages[0]?.raw_output_contents[0] ?? []);
      return distance([...new Float32Array(bytes.buffer)], y.flat());
    });
    for (const difference of await Promise.all(calls)) expect(difference).toBeLessThan(1e-6);
    const statistics = (await (await fetch(`${url}/versions/1/stats`)).json()) as Statistics;
    expect(statistics.model_stats).toHaveLength(1);
    const [row] = statistics.model_stats;
    expect(row?.inference_count).toBe(7);
    for (const name of ["success", "queue", "compute_input", "compute_infer", "compute_output"])
      expect([name, row?.inference_stats[name]?.count]).toEqual([name, 7]);
  });
});

function distance(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Math.max(...got.map((value, at) => Math.abs(value - (wanted[at] ?? Number.NaN))));
}
