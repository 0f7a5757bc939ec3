import type { BodyCounter } from "../../call/body/limits.ts";
import type { GrpcRequest, HttpRequest, RawCall, Reading, ReplyExtra, Target } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import type { IoSpec, NanPolicy, Payload, PayloadKind } from "../../io/types.ts";
import type { SeldonHost } from "../types.ts";
import { childPath } from "../../problem-list.ts";
import { atWirePlace, type MovedPlace } from "./input/at-wire-place.ts";
import { noData, toRequestPayload } from "./input/to-request-payload.ts";
import type { SeldonOperation } from "./operations.ts";
import { type PassedMeta, passedMeta, replyMeta } from "./output/reply-meta.ts";
import { sameData } from "./output/same-data.ts";
import { branchArray, emptyArray, toReplyData } from "./output/to-reply-data.ts";
import type { FoundTarget } from "./target.ts";
import type { ArrayKind, ReplyData, SeldonData, SeldonFeedback, SeldonReply, SeldonRequest } from "./types.ts";

/** What is told of how a request's body is read. */
export type SeldonReading = Reading & { readonly counter: BodyCounter };

/** One of the two surfaces of an operation: how its request comes in and its reply goes out. */
export interface SeldonWire<R> {
  readonly request: HttpRequest | GrpcRequest;
  /** Bytes that the caller announces of a body that this target takes. */
  announcedBytes(target: Target | undefined): number | undefined;
  callerTimeoutMs(): number | undefined;
  readRequest(target: Target, reading: SeldonReading): Promise<SeldonRequest>;
  encode(reply: SeldonReply, extra: ReplyExtra, nan: NanPolicy): Promise<{ readonly reply: R; readonly bytes: number }>;
  /** A result as it is, for a body that was handed on as it was. */
  encodeRaw(output: Payload, extra: ReplyExtra): Promise<{ readonly reply: R; readonly bytes: number }>;
  encodeError(error: ServingError): R;
  dispose(): void | Promise<void>;
}

/** What calls of one operation share. */
export interface SeldonService {
  readonly operation: SeldonOperation;
  readonly found: FoundTarget;
  readonly host: SeldonHost;
}

/** Opens a call of Seldon v1, over REST or gRPC. */
export function openSeldonCall<R>(service: SeldonService, wire: SeldonWire<R>): RawCall<R> {
  return new SeldonCall(service, wire);
}

/** One call: opened → request read → answered. */
class SeldonCall<R> implements RawCall<R> {
  readonly protocol = "seldon";
  readonly #service: SeldonService;
  readonly #wire: SeldonWire<R>;
  readonly #counter: BodyCounter = { bytes: 0 };
  #passed: PassedMeta | undefined;
  #isRaw = false;
  /** What is answered where the service has no method: the data as it came. */
  #same: ReplyData | undefined;
  #moved: MovedPlace | undefined;
  #kind: ArrayKind = "tensor";
  #reward = 0;
  #bytesOut: number | undefined;

  constructor(service: SeldonService, wire: SeldonWire<R>) {
    this.#service = service;
    this.#wire = wire;
  }

  get request(): HttpRequest | GrpcRequest {
    return this.#wire.request;
  }

  get announcedBytes(): number | undefined {
    const { found } = this.#service;
    return this.#wire.announcedBytes("api" in found ? found : undefined);
  }

  get carriesMetrics(): boolean {
    return this.#service.host.includesMetrics;
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

  target(): Target {
    const { found } = this.#service;
    if ("api" in found) return found;
    throw new ServingError("UNIMPLEMENTED", found.missing);
  }

  wants(): PayloadKind {
    return REPLY_KINDS[this.target().api.output.kind];
  }

  async decode(reading: Reading): Promise<Payload> {
    const target = this.target();
    const request = await this.#wire.readRequest(target, { ...reading, counter: this.#counter });
    this.#isRaw = request.form === "raw";
    this.#passed = passedMeta(request, this.#service.operation.role);
    this.#kind = kindOf(request);
    if (request.form === "feedback") this.#reward = request.feedback.reward;
    if (target.builtIn === undefined) {
      this.#moved = movedPlace(request, target.api.input);
      return toRequestPayload(request, target.api, (said) => this.#routingOf(said));
    }
    if (request.form === "message") {
      const { data } = request.message;
      if (data === undefined) throw noData("");
      if (this.#service.operation.otherwise === "same") this.#same = sameData(data);
    }
    return { kind: "json", value: null };
  }

  async encode(output: Payload, extra: ReplyExtra): Promise<R> {
    const { host, operation } = this.#service;
    const { api } = this.target();
    const encoded = this.#isRaw
      ? await this.#wire.encodeRaw(output, extra)
      : await this.#wire.encode(
          { data: this.#replyData(output), meta: replyMeta(this.#passed ?? NOTHING, extra, host) },
          extra,
          api.nan,
        );
    if (operation.role === "feedback") host.countFeedback(this.#reward);
    this.#bytesOut = encoded.bytes;
    return encoded.reply;
  }

  encodeStream(): R {
    throw new ServingError("INTERNAL", "Seldon's protocol has no streams");
  }

  encodeError(error: ServingError): R {
    return this.#wire.encodeError(this.#moved === undefined ? error : atWirePlace(error, this.#moved));
  }

  dispose(): void | Promise<void> {
    return this.#wire.dispose();
  }

  #replyData(output: Payload): ReplyData {
    const { api, builtIn } = this.target();
    const kind = this.#kind;
    if (api.role === "feedback") return emptyArray(kind, undefined);
    if (this.#same !== undefined) return this.#same;
    if (builtIn !== undefined) return emptyArray(kind, []);
    if (api.role === "route") {
      if (output.kind === "json" && typeof output.value === "number") return branchArray(output.value, kind);
      throw new ServingError("INTERNAL", "a route's result is no number");
    }
    return toReplyData(output, { spec: api.output, kind, nan: api.nan });
  }

  #routingOf({ response }: SeldonFeedback): number | undefined {
    const { id } = this.#service.host;
    const routing = response?.meta.routing;
    return id === null || routing === undefined || !Object.hasOwn(routing, id) ? undefined : routing[id];
  }
}

const NOTHING: PassedMeta = { puid: "", tags: {}, requestPath: {}, metrics: [] };

/** In which shape results of each type are written for a reply. */
const REPLY_KINDS = {
  tensor: "tensors",
  tensors: "tensors",
  json: "json",
  dataFrame: "json",
  text: "json",
  multipart: "json",
  list: "json",
  image: "parts",
  file: "parts",
  bytes: "parts",
} as const satisfies Record<IoSpec["kind"], PayloadKind>;

/** Rows of nested lists are read as those of a data frame in its own JSON form. */
function movedPlace(request: SeldonRequest, input: IoSpec): MovedPlace | undefined {
  if (request.form !== "message" || request.message.data?.kind !== "ndarray" || input.kind !== "dataFrame")
    return undefined;
  return { from: `${childPath("", input.key)}/data`, to: "/data/ndarray" };
}

/** The form in which arrays are answered: that of the request, of a list's first message, of the request that feedback is about. */
function kindOf(request: SeldonRequest): ArrayKind {
  switch (request.form) {
    case "message":
      return kindOfData(request.message.data);
    case "list":
      return kindOfData(request.messages[0]?.data);
    case "feedback":
      return kindOfData(request.feedback.request?.data);
    case "raw":
      return "tensor";
  }
}

function kindOfData(data: SeldonData | undefined): ArrayKind {
  return data?.kind === "ndarray" || data?.kind === "tftensor" ? data.kind : "tensor";
}
