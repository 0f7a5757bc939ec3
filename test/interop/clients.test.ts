import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith, interopDir } from "../support/needs.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// The server is asked by clients that others wrote; the expected numbers are NumPy's (test/models/README.md).
const inputFile = join(root, "test/models/mlp-small.in.json");

let server: ServerProcess;
let expected: number[][];

describeWith("interop clients", "a served model file answers", () => {
  beforeAll(async () => {
    expected = (JSON.parse(await readFile(join(root, "test/models/mlp-small.out.json"), "utf8")) as { y: number[][] })
      .y;
    server = await serve(join(root, "test/models/mlp-small.onnx"), {
      flags: ["--workers", "2", "--model-name", "mlp"],
    });
  });
  afterAll(() => server.stop());

  it("tritonclient over HTTP: JSON, binary, both mixed and compressed", async () => {
    const got = await python("triton_http.py", new URL(server.url).host, "mlp", inputFile);
    expect(got).toMatchObject({
      live: true,
      ready: true,
      "model ready": true,
      "unknown model ready": false,
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 3] }],
      config: { name: "mlp", max_batch_size: 0, input: [{ name: "x", data_type: "TYPE_FP32", dims: [-1, 4] }] },
      counted: 6,
      "unknown model": { message: expect.stringContaining('unknown model "nobody"') },
      "wrong shape": { message: expect.stringContaining("expected float32 [-1,4], got float32 [1,3]") },
    });
    expect(got["server"]).toMatchObject({ extensions: expect.arrayContaining(["binary_tensor_data"]) });
    for (const answer of Object.values(got["answers"] as Record<string, { y: number[][]; id: string }>)) {
      expectClose(answer.y, expected);
      expect(answer.id).toBe("call-7");
    }
  });

  it("tritonclient over gRPC", async () => {
    const got = await python("triton_grpc.py", server.grpcAddress, "mlp", inputFile);
    expect(got).toMatchObject({
      live: true,
      ready: true,
      "model ready": true,
      inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "4"] }],
      outputs: [{ name: "y", datatype: "FP32", shape: ["-1", "3"] }],
      config: { name: "mlp", input: [{ name: "x", data_type: "TYPE_FP32", dims: ["-1", "4"] }] },
      id: "call-8",
      "unknown model": { status: "StatusCode.NOT_FOUND" },
      "unknown output": { status: "StatusCode.INVALID_ARGUMENT" },
      "wrong name": { status: "StatusCode.INVALID_ARGUMENT", message: expect.stringContaining('did you mean "x"') },
      "wrong shape": { status: "StatusCode.INVALID_ARGUMENT" },
    });
    expectClose(got["y"] as number[][], expected);
  });

  it("the kserve client over V1, V2 and gRPC", async () => {
    const got = await python("kserve_client.py", server.url, server.grpcAddress, "mlp", inputFile);
    expect(got).toMatchObject({
      "v2 live": true,
      "v2 ready": true,
      "v2 model ready": true,
      "v1 model ready": true,
      "grpc live": true,
      "grpc ready": true,
      "grpc model ready": true,
      "v2 unknown model": expect.stringContaining("404"),
      "v1 unknown model": expect.stringContaining("404"),
    });
    for (const kind of ["v2 json", "v2 binary", "v1", "grpc raw", "grpc typed"])
      expectClose(got[kind] as number[][], expected);
  });

  it("grpcurl, which learns every service by reflection", async () => {
    const services = await grpcurl("list");
    expect(services.split("\n")).toEqual(
      expect.arrayContaining([
        "bento.mlp.v1.Mlp",
        "grpc.health.v1.Health",
        "inference.GRPCInferenceService",
        "seldon.protos.Model",
        "tensorflow.serving.PredictionService",
      ]),
    );
    for (const service of services.trim().split("\n")) expect(await grpcurl("describe", service)).toContain("service");
    expect(JSON.parse(await grpcurl("grpc.health.v1.Health/Check"))).toEqual({ status: "SERVING" });
    expect(JSON.parse(await grpcurl("-d", '{"name": "mlp"}', "inference.GRPCInferenceService/ModelReady"))).toEqual({
      ready: true,
    });
    const rows = JSON.parse(await readFile(inputFile, "utf8")) as { x: number[][] };
    const request = {
      model_name: "mlp",
      inputs: [{ name: "x", datatype: "FP32", shape: [rows.x.length, 4], contents: { fp32_contents: rows.x.flat() } }],
    };
    const reply = JSON.parse(
      await grpcurl("-d", JSON.stringify(request), "inference.GRPCInferenceService/ModelInfer"),
    ) as { outputs: { contents: { fp32Contents: number[] } }[] };
    const flat = reply.outputs[0]?.contents.fp32Contents ?? [];
    expectClose([flat], [expected.flat()]);
  });
});

function python(script: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const file = join(interopDir(), "venv/bin/python");
  return printed(file, [join(root, "test/interop/clients", script), ...args]).then(
    (text) => JSON.parse(text) as Record<string, unknown>,
  );
}

/** grpcurl over plain text; the address goes before the symbol, flags before both. */
function grpcurl(...args: readonly string[]): Promise<string> {
  const flags = args[0] === "-d" ? args.slice(0, 2) : [];
  const rest = args.slice(flags.length);
  return printed(join(interopDir(), "bin/grpcurl"), ["-plaintext", ...flags, server.grpcAddress, ...rest]);
}

function printed(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { maxBuffer: 2 ** 26, timeout: 50_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${file} ${args.join(" ")}: ${stderr}\n${stdout}`, { cause: error }));
    });
  });
}

function expectClose(got: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [row, values] of wanted.entries())
    for (const [column, value] of values.entries()) expect(got[row]?.[column]).toBeCloseTo(value, 5);
}
