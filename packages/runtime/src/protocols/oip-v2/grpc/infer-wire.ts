import { bodyTooLarge } from "../../../call/body/limits.ts";
import type { GrpcReply, GrpcRequest, ReplyExtra } from "../../../call/types.ts";
import { ServingError } from "../../../errors.ts";
import { toGrpcError, toGrpcReply } from "../../grpc/grpc-error.ts";
import type { ModelTable, ServedModel } from "../../served-models/model-table.ts";
import type { InferReading, InferWire } from "../infer-call.ts";
import type { InferReply, InferRequest, NamedModel } from "../types.ts";
import { decodeInferRequest, readModelName } from "./decode-infer.ts";
import { encodeInferReply } from "./encode-infer.ts";

/** What calls of ModelInfer share. */
export interface GrpcInference {
  readonly models: ModelTable;
  /** Largest message in bytes, where the model's API has no limit of its own. */
  readonly maxBytes: number;
  /** The largest of all limits: which one holds is known once the message was read. */
  readonly readBytes: number;
  /** Whether raw requests too are answered typed: Seldon's executor drops raw contents between the nodes of a graph. */
  readonly isTyped: boolean;
}

const LIMIT_NAME = "server.limits.grpc";

/** ModelInfer as a surface of inference: the model's name stands in the message. */
export class GrpcInferWire implements InferWire<GrpcReply> {
  readonly isTargetInBody = true;
  readonly announcedBytes = undefined;
  readonly request: GrpcRequest;
  readonly #inference: GrpcInference;
  #message: Buffer | undefined;

  constructor(inference: GrpcInference, request: GrpcRequest) {
    this.#inference = inference;
    this.request = request;
  }

  callerTimeoutMs(): number | undefined {
    return this.request.timeoutMs();
  }

  async findModel(reading: InferReading): Promise<NamedModel> {
    const { models, readBytes } = this.#inference;
    const message = await this.request.readMessage({ ...reading, maxBytes: readBytes, limitName: LIMIT_NAME });
    const { name, version } = readModelName(message);
    const model = models.find(name, version);
    this.#message = message;
    return { name, model };
  }

  async readRequest({ api }: ServedModel): Promise<InferRequest> {
    const message = this.#message;
    if (message === undefined) throw new ServingError("INTERNAL", "a ModelInfer call was decoded before it was read");
    this.#message = undefined;
    const own = api.maxBodyBytes;
    const limit =
      own === null
        ? { maxBytes: this.#inference.maxBytes, limitName: LIMIT_NAME }
        : { maxBytes: own, limitName: `maxBodyBytes of API "${api.name}"` };
    if (message.length > limit.maxBytes) throw bodyTooLarge(limit, `the message of ${message.length} bytes`);
    return decodeInferRequest(message);
  }

  encode(
    reply: InferReply,
    { extra }: { readonly extra: ReplyExtra },
  ): { readonly reply: GrpcReply; readonly bytes: number } {
    const message = encodeInferReply(reply, this.#inference);
    return { reply: toGrpcReply(message, extra.headers), bytes: message.byteLength };
  }

  encodeError(error: ServingError): GrpcReply {
    return toGrpcError(error, this.request.requestId);
  }
}
