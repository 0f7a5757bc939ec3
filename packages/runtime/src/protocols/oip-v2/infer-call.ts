import type { BodyCounter } from "../../call/body/limits.ts";
import type { GrpcRequest, HttpRequest, RawCall, Reading, ReplyExtra, Target } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import type { NanPolicy, Payload, PayloadKind } from "../../io/types.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { planReply, type ReplyPlan, toReply } from "./reply-plan.ts";
import { toInputPayload } from "./to-input-payload.ts";
import type { InferReply, InferRequest, NamedModel } from "./types.ts";

/** What is told of how a request's body is read. */
export type InferReading = Reading & { readonly counter: BodyCounter };

/** One of the two surfaces of inference: how a request comes in and a reply goes out. */
export interface InferWire<R> {
  readonly request: HttpRequest | GrpcRequest;
  /** Whether the model's name stands in the body. */
  readonly isTargetInBody: boolean;
  readonly announcedBytes: number | undefined;
  callerTimeoutMs(): number | undefined;
  /** Throws NOT_FOUND for an unknown model or version. */
  findModel(reading: InferReading): NamedModel | Promise<NamedModel>;
  /** Called once, after `findModel`. */
  readRequest(model: ServedModel, reading: InferReading): Promise<InferRequest>;
  encode(
    reply: InferReply,
    options: { readonly nan: NanPolicy; readonly extra: ReplyExtra },
  ): { readonly reply: R; readonly bytes: number };
  encodeError(error: ServingError): R;
}

/** Opens an inference call of the Open Inference Protocol V2, over REST or gRPC. */
export function openInferCall<R>(wire: InferWire<R>): RawCall<R> {
  return new InferCall(wire);
}

/** One inference call: opened → model found → request read → answered. */
class InferCall<R> implements RawCall<R> {
  readonly protocol = "v2";
  readonly #wire: InferWire<R>;
  readonly #counter: BodyCounter = { bytes: 0 };
  #named: NamedModel | undefined;
  #plan: ReplyPlan | undefined;
  #bytesOut: number | undefined;

  constructor(wire: InferWire<R>) {
    this.#wire = wire;
  }

  get request(): HttpRequest | GrpcRequest {
    return this.#wire.request;
  }

  get announcedBytes(): number | undefined {
    return this.#wire.announcedBytes;
  }

  get isTargetInBody(): boolean {
    return this.#wire.isTargetInBody;
  }

  bytesIn(): number {
    return this.#counter.bytes;
  }

  bytesOut(): number | undefined {
    return this.#bytesOut;
  }

  callerTimeoutMs(): number | undefined {
    return this.#wire.callerTimeoutMs();
  }

  target(reading: Reading): Target | Promise<Target> {
    const found = this.#wire.findModel(this.#counting(reading));
    return found instanceof Promise ? found.then((late) => this.#aim(late)) : this.#aim(found);
  }

  wants(): PayloadKind {
    return "tensors";
  }

  async decode(reading: Reading): Promise<Payload> {
    const named = this.#aimed();
    const request = await this.#wire.readRequest(named.model, this.#counting(reading));
    // The request itself is let go: its tensors are as large as its body.
    this.#plan = planReply(request, named);
    return toInputPayload(request, named.model);
  }

  encode(output: Payload, extra: ReplyExtra): R {
    const { model } = this.#aimed();
    if (output.kind !== "tensors" || this.#plan === undefined)
      throw new ServingError("INTERNAL", `the result of API "${model.api.name}" can't be written as tensors`);
    const { reply, bytes } = this.#wire.encode(toReply(this.#plan, output.tensors), { nan: model.api.nan, extra });
    this.#bytesOut = bytes;
    return reply;
  }

  encodeStream(): R {
    throw new ServingError("INTERNAL", "an API that answers with a stream is no model");
  }

  encodeError(error: ServingError): R {
    return this.#wire.encodeError(error);
  }

  dispose(): void {}

  #aim(named: NamedModel): Target {
    this.#named = named;
    return named.model;
  }

  #aimed(): NamedModel {
    if (this.#named === undefined) throw new ServingError("INTERNAL", "a call was read before its model was known");
    return this.#named;
  }

  #counting(reading: Reading): InferReading {
    return { ...reading, counter: this.#counter };
  }
}
