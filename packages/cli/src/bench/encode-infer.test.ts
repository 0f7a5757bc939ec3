import { fileURLToPath } from "node:url";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { describe, expect, it } from "vitest";
import { encodeInfer } from "./encode-infer.ts";

const proto = fileURLToPath(new URL("../../../../protos/open_inference.proto", import.meta.url));
const service = loadSync(proto, { keepCase: true, longs: Number })[
  "inference.GRPCInferenceService"
] as ServiceDefinition;
const decode = (message: Buffer): object => service["ModelInfer"]?.requestDeserialize(message) as object;

describe("encodeInfer", () => {
  it("writes what the .proto reads: names, types, sizes, contents by little end", () => {
    const message = encodeInfer("m", [
      { name: "x", datatype: "FP32", shape: [1, 300], fill: 1.5 },
      { name: "n", datatype: "INT64", shape: [], fill: -2 },
      { name: "b", datatype: "BOOL", shape: [2], fill: true },
      { name: "s", datatype: "BYTES", shape: [2], fill: "hé" },
    ]);
    const { model_name, inputs, raw_input_contents } = decode(message) as {
      readonly model_name: string;
      readonly inputs: readonly object[];
      readonly raw_input_contents: readonly Buffer[];
    };
    expect(model_name).toBe("m");
    expect(inputs).toMatchObject([
      { name: "x", datatype: "FP32", shape: [1, 300] },
      { name: "n", datatype: "INT64" },
      { name: "b", datatype: "BOOL", shape: [2] },
      { name: "s", datatype: "BYTES", shape: [2] },
    ]);
    const [floats, integer, booleans, texts] = raw_input_contents;
    expect(floats).toHaveLength(1200);
    expect(floats?.readFloatLE(1196)).toBe(1.5);
    expect(integer?.readBigInt64LE()).toBe(-2n);
    expect(booleans?.toString("hex")).toBe("0101");
    expect(texts?.toString("hex")).toBe("0300000068c3a9".repeat(2));
  });
});
