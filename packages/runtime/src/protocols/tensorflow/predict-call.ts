import type { BodyCounter } from "../../call/body/limits.ts";
import type { GrpcReply, GrpcRequest, RawCall, Reading, ReplyExtra, Target } from "../../call/types.ts";
import { quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { ServingError } from "../../errors.ts";
import type { Payload, PayloadKind } from "../../io/types.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import { toGrpcError, toGrpcReply } from "../grpc/grpc-error.ts";
import type { MessageLimits } from "../served-models/message-limits.ts";
import type { ModelTable, ServedModel } from "../served-models/model-table.ts";
import { ProtoReader } from "../wire/proto-reader.ts";
import { encodePredictResponse, type NamedModel } from "./encode-replies.ts";
import { findModel } from "./find-model.ts";
import { readModelSpec } from "./model-spec.ts";
import { decodePredictRequest } from "./predict-request.ts";
import { assertSignature } from "./signature.ts";

/** What calls of Predict share. */
export interface Prediction {
  readonly models: ModelTable;
  readonly limits: MessageLimits;
}

/** Opens a call of `tensorflow.serving.PredictionService/Predict`: the model's name stands in the message. */
export function openPredictCall(prediction: Prediction, request: GrpcRequest): RawCall<GrpcReply> {
  return new PredictCall(prediction, request);
}

/** A message whose model is known. */
interface Aimed extends NamedModel {
  readonly message: Buffer;
}

/** One call: opened → message read, model found → request decoded → answered. */
class PredictCall implements RawCall<GrpcReply> {
  readonly protocol = "kserveV1";
  readonly isTargetInBody = true;
  readonly announcedBytes = undefined;
  readonly #prediction: Prediction;
  readonly request: GrpcRequest;
  readonly #counter: BodyCounter = { bytes: 0 };
  #aimed: Aimed | undefined;
  #outputs: readonly string[] = [];
  #bytesOut: number | undefined;

  constructor(prediction: Prediction, request: GrpcRequest) {
    this.#prediction = prediction;
    this.request = request;
  }

  bytesIn(): number {
    return this.#counter.bytes;
  }

  bytesOut(): number | undefined {
    return this.#bytesOut;
  }

  callerTimeoutMs(): number | undefined {
    return this.request.timeoutMs();
  }

  async target(reading: Reading): Promise<Target> {
    const { models, limits } = this.#prediction;
    const message = await this.request.readMessage({ ...reading, ...limits.reading, counter: this.#counter });
    const spec = readModelSpec(new ProtoReader(message));
    const model = findModel(models, spec);
    assertSignature(spec.signature);
    this.#aimed = { name: spec.name, model, message };
    return model;
  }

  wants(): PayloadKind {
    return "tensors";
  }

  async decode(): Promise<Payload> {
    const { name, model, message } = this.#known();
    const { limits } = this.#prediction;
    limits.assertFits(message, model.api);
    const { maxBytes, limitName } = limits.reading;
    const { inputs, outputFilter } = decodePredictRequest(message, model.api.input, { leftBytes: maxBytes, limitName });
    this.#outputs = outputsOf(model, outputFilter);
    // The message itself is let go: only its tensors are needed from here on.
    this.#aimed = { name, model, message: Buffer.alloc(0) };
    return { kind: "tensors", tensors: inputs };
  }

  encode(output: Payload, extra: ReplyExtra): GrpcReply {
    const aimed = this.#known();
    if (output.kind !== "tensors")
      throw new ServingError("INTERNAL", `the result of API "${aimed.model.api.name}" can't be written as tensors`);
    const outputs = this.#outputs.map((name) => [name, tensorOf(output.tensors, name)] as const);
    const message = encodePredictResponse(aimed, outputs);
    this.#bytesOut = message.byteLength;
    return toGrpcReply(message, extra.headers);
  }

  encodeStream(): GrpcReply {
    throw new ServingError("INTERNAL", "an API that answers with a stream is no model");
  }

  encodeError(error: ServingError): GrpcReply {
    return toGrpcError(error, this.request.requestId);
  }

  dispose(): void {}

  #known(): Aimed {
    if (this.#aimed === undefined) throw new ServingError("INTERNAL", "a call was read before its model was known");
    return this.#aimed;
  }
}

/** The outputs of the reply. Throws INVALID_ARGUMENT for one that the model does not have, or that is asked for twice. */
function outputsOf({ name, outputs }: ServedModel, filter: readonly string[]): readonly string[] {
  const names = outputs.map((output) => output.name);
  if (filter.length === 0) return names;
  for (const [index, wanted] of filter.entries()) {
    if (!names.includes(wanted)) {
      const known = didYouMean(wanted, names) || `: it has ${names.slice(0, 10).map(quote).join(", ")}`;
      throw new ServingError(
        "INVALID_ARGUMENT",
        `output_filter: model ${quote(name)} has no output ${quote(wanted)}${known}`,
      );
    }
    // One answer for each: a short request could ask for a large output a million times.
    if (filter.indexOf(wanted) !== index)
      throw new ServingError("INVALID_ARGUMENT", `output_filter: output ${quote(wanted)} is asked for twice`);
  }
  return filter;
}

function tensorOf(tensors: NamedTensors, name: string): Tensor {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (tensor === undefined) throw new ServingError("INTERNAL", `the result has no output ${quote(name)}`);
  return tensor;
}
