import { announcedBytes } from "../../../call/body/announced-bytes.ts";
import { headerTimeoutMs } from "../../../call/header-timeout.ts";
import type { HttpReply, HttpRequest, ReplyExtra } from "../../../call/types.ts";
import type { ServingError } from "../../../errors.ts";
import type { NanPolicy } from "../../../io/types.ts";
import type { ModelTable, ServedModel } from "../../served-models/model-table.ts";
import type { ProtocolLimits } from "../../types.ts";
import type { InferReading, InferWire } from "../infer-call.ts";
import type { InferReply, InferRequest, NamedModel } from "../types.ts";
import { decodeInferRequest } from "./decode-infer.ts";
import { decodeRawTensor } from "./decode-raw-tensor.ts";
import { encodeInferReply } from "./encode-infer.ts";
import { toErrorReply } from "../../served-models/error-reply.ts";
import { targetOf } from "./info-routes.ts";
import { type InferLimits, limitOf, readInferBody } from "./read-infer-body.ts";

/** `POST /v2/models/:model[/versions/:version]/infer` as a surface of inference. */
export class RestInferWire implements InferWire<HttpReply> {
  readonly isTargetInBody = false;
  readonly request: HttpRequest;
  readonly #models: ModelTable;
  readonly #limits: ProtocolLimits;
  #named: NamedModel | undefined;

  constructor(
    request: HttpRequest,
    { models, limits }: { readonly models: ModelTable; readonly limits: ProtocolLimits },
  ) {
    this.request = request;
    this.#models = models;
    this.#limits = limits;
  }

  get announcedBytes(): number | undefined {
    const limit = limitOf(this.request, limitsOf(this.findModel().model, this.#limits));
    return announcedBytes(this.request, limit.maxBytes);
  }

  callerTimeoutMs(): number | undefined {
    return headerTimeoutMs(this.request.headers);
  }

  findModel(): NamedModel {
    const { name, version } = targetOf(this.request);
    this.#named ??= { name, model: this.#models.find(name, version) };
    return this.#named;
  }

  async readRequest(model: ServedModel, reading: InferReading): Promise<InferRequest> {
    const { api } = model;
    const body = await readInferBody(this.request, limitsOf(model, this.#limits), reading);
    return body.isRaw ? decodeRawTensor(body.tensors, model) : decodeInferRequest(body, { nan: api.nan });
  }

  encode(
    reply: InferReply,
    { nan, extra }: { readonly nan: NanPolicy; readonly extra: ReplyExtra },
  ): { readonly reply: HttpReply; readonly bytes: number } {
    const { headers, body } = encodeInferReply(reply, { nan });
    return { reply: { status: 200, headers: { ...extra.headers, ...headers }, body }, bytes: Buffer.byteLength(body) };
  }

  encodeError(error: ServingError): HttpReply {
    return toErrorReply(error, this.request.requestId);
  }
}

/** An API's own limit holds for bodies of both kinds. */
function limitsOf({ api }: ServedModel, { jsonBytes, binaryBytes }: ProtocolLimits): InferLimits {
  const own = api.maxBodyBytes;
  if (own !== null) {
    const limit = { maxBytes: own, limitName: `maxBodyBytes of API "${api.name}"` };
    return { json: limit, binary: limit };
  }
  return {
    json: { maxBytes: jsonBytes, limitName: "server.limits.json" },
    binary: { maxBytes: binaryBytes, limitName: "server.limits.binary" },
  };
}
