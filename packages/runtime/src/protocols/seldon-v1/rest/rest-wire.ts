import { announcedBytes } from "../../../call/body/announced-bytes.ts";
import { rawPart } from "../../../call/body/raw-part.ts";
import { headerTimeoutMs } from "../../../call/header-timeout.ts";
import type { HttpReply, HttpRequest, ReplyExtra, Target } from "../../../call/types.ts";
import { ServingError } from "../../../errors.ts";
import { needsExactIntegers, stringifyJson } from "../../../io/json-text.ts";
import type { NanPolicy, Payload } from "../../../io/types.ts";
import type { ProtocolHost, ProtocolLimits } from "../../types.ts";
import type { SeldonOperation } from "../operations.ts";
import type { SeldonReading, SeldonWire } from "../seldon-call.ts";
import type { SeldonReply, SeldonRequest } from "../types.ts";
import { encodeReply } from "./encode-reply.ts";
import { toErrorReply } from "./error-reply.ts";
import { parseFeedback, parseMessage, parseMessages } from "./parse-message.ts";
import { mediaTypeOf, readRoot, type RestLimits } from "./read-root.ts";

/** An operation over REST. */
export class RestSeldonWire implements SeldonWire<HttpReply> {
  readonly request: HttpRequest;
  readonly #operation: SeldonOperation;
  readonly #host: Pick<ProtocolHost, "limits" | "seldon">;
  #dispose: (() => Promise<void>) | undefined;

  constructor(
    request: HttpRequest,
    {
      operation,
      host,
    }: { readonly operation: SeldonOperation; readonly host: Pick<ProtocolHost, "limits" | "seldon"> },
  ) {
    this.request = request;
    this.#operation = operation;
    this.#host = host;
  }

  announcedBytes(target: Target | undefined): number | undefined {
    const { json, binary } = limitsOf(target, this.#host.limits);
    const isForm = mediaTypeOf(this.request).includes("multipart/form-data");
    return announcedBytes(this.request, (isForm || this.#isRaw ? binary : json).maxBytes);
  }

  callerTimeoutMs(): number | undefined {
    const own = this.#host.seldon.restTimeoutMs;
    const given = headerTimeoutMs(this.request.headers);
    return own === null ? given : Math.min(own, given ?? own);
  }

  async readRequest(target: Target, reading: SeldonReading): Promise<SeldonRequest> {
    const limits = limitsOf(target, this.#host.limits);
    if (this.#isRaw) return this.#readRaw(limits, reading);
    const exactIntegers = target.builtIn !== undefined || needsExactIntegers(target.api.input);
    const { root, dispose } = await readRoot(this.request, limits, { ...reading, exactIntegers });
    this.#dispose = dispose;
    const { maxBytes: leftBytes, limitName } = limits.binary;
    const budget = { leftBytes, limitName };
    switch (this.#operation.brings) {
      case "message":
        return { form: "message", message: parseMessage(root, "", { strictness: "lax", budget }) };
      case "list":
        return { form: "list", messages: parseMessages(root, { strictness: "lax", budget }) };
      case "feedback":
        return { form: "feedback", feedback: parseFeedback(root, budget) };
    }
  }

  async encode(
    reply: SeldonReply,
    extra: ReplyExtra,
    nan: NanPolicy,
  ): Promise<{ readonly reply: HttpReply; readonly bytes: number }> {
    return toHttpReply(await encodeReply(reply, nan), extra);
  }

  async encodeRaw(output: Payload, extra: ReplyExtra): Promise<{ readonly reply: HttpReply; readonly bytes: number }> {
    if (output.kind === "json") return toHttpReply(stringifyJson(output.value), extra);
    const part = output.kind === "parts" ? output.parts[0] : undefined;
    if (part !== undefined) return toHttpReply(await part.content.bytes(), extra);
    throw new ServingError("INTERNAL", "PAYLOAD_PASSTHROUGH: this result has no bytes of its own, use bytes or JSON");
  }

  encodeError(error: ServingError): HttpReply {
    return toErrorReply(error, this.request.requestId);
  }

  dispose(): void | Promise<void> {
    return this.#dispose?.();
  }

  get #isRaw(): boolean {
    return this.#operation.role === "predict" && this.#host.seldon.passesPayload;
  }

  async #readRaw(limits: RestLimits, reading: SeldonReading): Promise<SeldonRequest> {
    const { parts, dispose } = await rawPart(this.request, { ...limits.binary, ...reading });
    this.#dispose = dispose;
    const [part] = parts;
    if (part === undefined) throw new ServingError("INTERNAL", "a raw body has a part");
    return { form: "raw", content: part.content };
  }
}

function toHttpReply(
  body: string | Uint8Array,
  { headers }: ReplyExtra,
): { readonly reply: HttpReply; readonly bytes: number } {
  const reply = { status: 200, headers: { ...headers, "content-type": "application/json" }, body };
  return { reply, bytes: Buffer.byteLength(body) };
}

/** An API's own limit holds for bodies of both kinds. */
function limitsOf(target: Target | undefined, { jsonBytes, binaryBytes }: ProtocolLimits): RestLimits {
  const own = target?.api.maxBodyBytes ?? null;
  if (own !== null) {
    const limit = { maxBytes: own, limitName: `maxBodyBytes of API "${target?.api.name ?? ""}"` };
    return { json: limit, binary: limit };
  }
  return {
    json: { maxBytes: jsonBytes, limitName: "server.limits.json" },
    binary: { maxBytes: binaryBytes, limitName: "server.limits.binary" },
  };
}
