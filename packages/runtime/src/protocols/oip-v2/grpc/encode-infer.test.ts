import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineService } from "../../../definition/define-service.ts";
import { DTYPES } from "../../../tensor/dtype.ts";
import { toBytes } from "../../../tensor/raw.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { createModelTable } from "../../served-models/model-table.ts";
import { anyTensor } from "../tensor.fixture.ts";
import type { InferReply } from "../types.ts";
import { encodeInferReply } from "./encode-infer.ts";
import { inferenceMethod } from "./inference-methods.fixture.ts";

const { responseDeserialize } = inferenceMethod("ModelInfer");

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({
  name: "s",
  apis: [{ name: "m", input: text, output: text, model: { version: 12 } }],
});
const model = createModelTable(definition).find("m");

function replyOf(tensors: readonly [string, Tensor][], isBinary: boolean): InferReply {
  const outputs = tensors.map(([name, tensor]) => ({ name, tensor, isBinary, contentType: undefined }));
  return { modelName: "m", model, id: "i-1", contentType: undefined, outputs };
}

interface Decoded {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: object;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly string[];
    readonly parameters: object;
    readonly contents: Readonly<Record<string, readonly unknown[]>> | null;
  }[];
  readonly raw_output_contents: readonly Buffer[];
}

function decode(reply: InferReply, isTyped = false): Decoded {
  return responseDeserialize(encodeInferReply(reply, { isTyped })) as Decoded;
}

const named = fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 300 }), anyTensor()), { maxLength: 4 });

describe("encoding a ModelInferResponse", () => {
  it("writes raw contents that protobufjs reads, every bit of them", () => {
    fc.assert(
      fc.property(named, (tensors) => {
        const decoded = decode(replyOf(tensors, true));
        expect(decoded).toMatchObject({ model_name: "m", model_version: "12", id: "i-1" });
        expect(decoded.outputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)])).toEqual(
          tensors.map(([name, { dtype, shape }]) => [name, DTYPES[dtype].v2, shape]),
        );
        const raw = decoded.raw_output_contents.map((bytes) => bytes.toString("hex"));
        expect(raw).toEqual(tensors.map(([, tensor]) => Buffer.from(toBytes(tensor)).toString("hex")));
      }),
    );
  });

  it("writes typed contents that protobufjs reads, and raw ones for all when a half float is among them", () => {
    fc.assert(
      fc.property(named, (tensors) => {
        const decoded = decode(replyOf(tensors, false));
        const isRaw = tensors.some(([, { dtype }]) => dtype === "float16" || dtype === "bfloat16");
        expect(decoded.raw_output_contents).toHaveLength(isRaw ? tensors.length : 0);
        if (isRaw) return;
        for (const [index, [, tensor]] of tensors.entries()) {
          const lists = Object.values(decoded.outputs[index]?.contents ?? {}).filter((list) => list.length > 0);
          expect(lists).toEqual(tensor.data.length === 0 ? [] : [plainElements(tensor)]);
        }
      }),
    );
  });

  it("writes typed contents for a raw request where those who carry replies drop raw ones", () => {
    const tensor: Tensor = { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) };
    const decoded = decode(replyOf([["o", tensor]], true), true);
    expect(decoded.raw_output_contents).toEqual([]);
    expect(decoded.outputs[0]?.contents).toMatchObject({ fp32_contents: [1, 2] });
  });

  it("names content types of the reply and of its outputs", () => {
    const tensor: Tensor = { dtype: "string", shape: [1, 1], data: ["a"] };
    const outputs = [{ name: "o", tensor, isBinary: false, contentType: "str" }];
    const decoded = decode({ ...replyOf([], false), contentType: "pd", outputs });
    expect(decoded.parameters).toEqual({ content_type: expect.objectContaining({ string_param: "pd" }) });
    expect(decoded.outputs[0]?.parameters).toEqual({ content_type: expect.objectContaining({ string_param: "str" }) });
  });

  it("writes a reply whose bytes were worked out by hand", () => {
    const tensor: Tensor = { dtype: "int32", shape: [2, 1], data: Int32Array.of(300, -1) };
    const bytes = encodeInferReply(replyOf([["y", tensor]], false), { isTyped: false });
    const contents = [0x12, 12, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const output = [
      [0x0a, 1, 0x79], // name "y"
      [0x12, 5, 0x49, 0x4e, 0x54, 0x33, 0x32], // datatype "INT32"
      [0x1a, 2, 2, 1], // shape, packed
      [0x2a, contents.length, ...contents], // contents.int_contents, packed
    ].flat();
    expect([...bytes]).toEqual(
      [
        [0x0a, 1, 0x6d], // model_name "m"
        [0x12, 2, 0x31, 0x32], // model_version "12"
        [0x1a, 3, 0x69, 0x2d, 0x31], // id "i-1"
        [0x2a, output.length, ...output],
      ].flat(),
    );
  });
});

function plainElements({ dtype, data }: Tensor): unknown[] {
  return Array.from<unknown, unknown>(data, (value) => {
    if (typeof value === "bigint") return String(value);
    if (dtype === "bool") return value === 1;
    return typeof value === "string" ? Buffer.from(value) : value;
  });
}
