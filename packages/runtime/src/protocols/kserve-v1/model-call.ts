import { announcedBytes } from "../../call/body/announced-bytes.ts";
import type { BodyCounter } from "../../call/body/limits.ts";
import { headerTimeoutMs } from "../../call/header-timeout.ts";
import type { HttpReply, HttpRequest, RawCall, Reading, ReplyExtra, Target } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { stringifyJson } from "../../io/json-text.ts";
import type { Payload, PayloadKind } from "../../io/types.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import type { ProtocolLimits } from "../types.ts";
import { toErrorReply } from "../served-models/error-reply.ts";
import type { Verb } from "./model-path.ts";
import { toOutputs, toPredictions } from "./output/to-reply-value.ts";
import { limitsOf, readRequest, type V1Request } from "./read-request.ts";

/** What is called: found by the path, or the error of a path that names nothing. */
export type Aim = { readonly model: ServedModel; readonly verb: Verb; readonly route: string } | ServingError;

/** Opens a call of KServe V1 or of TensorFlow Serving over REST. */
export function openModelCall(aim: Aim, request: HttpRequest, limits: ProtocolLimits): RawCall<HttpReply> {
  return new ModelCall(aim, request, limits);
}

/** One call: opened → request read → answered. */
class ModelCall implements RawCall<HttpReply> {
  readonly protocol = "kserveV1";
  readonly #aim: Aim;
  readonly request: HttpRequest;
  readonly #limits: ProtocolLimits;
  readonly #counter: BodyCounter = { bytes: 0 };
  #read: V1Request | undefined;
  #bytesOut: number | undefined;

  constructor(aim: Aim, request: HttpRequest, limits: ProtocolLimits) {
    this.#aim = aim;
    this.request = request;
    this.#limits = limits;
  }

  get route(): string | undefined {
    return this.#aim instanceof ServingError ? undefined : this.#aim.route;
  }

  get announcedBytes(): number | undefined {
    const { json, binary } = limitsOf(this.target().api, this.#limits);
    return announcedBytes(this.request, Math.max(json.maxBytes, binary.maxBytes));
  }

  bytesIn(): number {
    return this.#counter.bytes;
  }

  bytesOut(): number | undefined {
    return this.#bytesOut;
  }

  callerTimeoutMs(): number | undefined {
    return headerTimeoutMs(this.request.headers);
  }

  target(): Target {
    if (this.#aim instanceof ServingError) throw this.#aim;
    return this.#aim.model;
  }

  wants(): PayloadKind {
    return "json";
  }

  async decode(asked: Reading): Promise<Payload> {
    const { api } = this.target();
    const limits = limitsOf(api, this.#limits);
    const reading = { ...asked, counter: this.#counter };
    this.#read = await readRequest(api, this.request, { limits, reading });
    return this.#read.payload;
  }

  encode(output: Payload, extra: ReplyExtra): HttpReply {
    const { api } = this.target();
    const read = this.#read;
    if (output.kind !== "json" || read === undefined)
      throw new ServingError("INTERNAL", `the result of API "${api.name}" can't be written as JSON`);
    const isExplained = !(this.#aim instanceof ServingError) && this.#aim.verb === "explain";
    const [key, value] =
      read.format === "instances"
        ? ["predictions", toPredictions(api.output, output.value, read.rows)]
        : ["outputs", toOutputs(api.output, output.value)];
    const body = stringifyJson({ [isExplained ? "explanations" : key]: value });
    this.#bytesOut = Buffer.byteLength(body);
    return { status: 200, headers: { ...extra.headers, "content-type": "application/json" }, body };
  }

  encodeStream(): HttpReply {
    throw new ServingError("INTERNAL", "an API that answers with a stream is no model");
  }

  encodeError(error: ServingError): HttpReply {
    return toErrorReply(this.#inRequest(error), this.request.requestId);
  }

  dispose(): void | Promise<void> {
    return this.#read?.dispose?.();
  }

  /** The same error with the place of its first fault as the caller's body has it. */
  #inRequest(error: ServingError): ServingError {
    const [first] = error.problems;
    if (this.#read === undefined || error.code !== "INVALID_ARGUMENT" || first === undefined) return error;
    const prefix = first.path === "" ? "" : `${first.path}: `;
    if (!error.message.startsWith(prefix)) return error;
    const place = this.#read.place(first.path);
    const message = `${place === "" ? "" : `${place}: `}${error.message.slice(prefix.length)}`;
    return new ServingError(error.code, message, { cause: error });
  }
}
