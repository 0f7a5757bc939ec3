import { negotiate, parseAccept } from "../../call/body/accept.ts";
import { announcedBytes } from "../../call/body/announced-bytes.ts";
import { parseJsonBody } from "../../call/body/json-body.ts";
import { assertUtf8, parseMediaType } from "../../call/body/media-type.ts";
import { readParts } from "../../call/body/multipart-body.ts";
import type { BodyCounter, BodyLimits } from "../../call/body/limits.ts";
import { readBody } from "../../call/body/read-body.ts";
import { rawPart } from "../../call/body/raw-part.ts";
import { headerTimeoutMs } from "../../call/header-timeout.ts";
import type { HttpReply, HttpRequest, RawCall, Reading, ReplyExtra, Target } from "../../call/types.ts";
import type { ApiDefinition } from "../../definition/types.ts";
import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { needsExactIntegers, stringifyJson } from "../../io/json-text.ts";
import { consumesOf, producesOf } from "../../io/media.ts";
import type { Payload, PayloadKind } from "../../io/types.ts";
import { toProblemReply } from "./problem.ts";
import { streamReply } from "./stream-reply.ts";

/** What one API needs for every call; made once. */
export interface NativeApi {
  readonly api: ApiDefinition;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly exactIntegers: boolean;
  /** Largest body in bytes and the option that says so, for JSON, text and CSV, and for everything else. */
  readonly jsonLimit: BodyLimit;
  readonly binaryLimit: BodyLimit;
}

export interface BodyLimit {
  readonly maxBytes: number;
  readonly limitName: string;
}

/** Media types of a streaming API's replies. */
const STREAM_TYPES: readonly string[] = ["text/event-stream", "application/x-ndjson"];

/** Works out once what calls of an API need. */
export function createNativeApi(
  api: ApiDefinition,
  limits: { readonly jsonBytes: number; readonly binaryBytes: number },
): NativeApi {
  const own =
    api.maxBodyBytes === null
      ? undefined
      : { maxBytes: api.maxBodyBytes, limitName: `maxBodyBytes of API "${api.name}"` };
  const jsonLimit = own ?? { maxBytes: limits.jsonBytes, limitName: "server.limits.json" };
  // Texts and CSV are read as a whole and cost as much as JSON, whatever type they come under.
  const isText = api.input.kind === "text" || api.input.kind === "dataFrame";
  return {
    api,
    consumes: consumesOf(api.input),
    produces: api.stream ? STREAM_TYPES : producesOf(api.output),
    exactIntegers: needsExactIntegers(api.input),
    jsonLimit,
    binaryLimit: own ?? (isText ? jsonLimit : { maxBytes: limits.binaryBytes, limitName: "server.limits.binary" }),
  };
}

/** Opens a call of the native protocol: `POST /<api>` with a body by the API's IO type. */
export function openNativeCall(native: NativeApi, request: HttpRequest): RawCall<HttpReply> {
  return new NativeCall(native, request);
}

class NativeCall implements RawCall<HttpReply> {
  readonly protocol = "native";
  readonly #native: NativeApi;
  readonly request: HttpRequest;
  readonly #counter: BodyCounter = { bytes: 0 };
  #mediaType = "application/json";
  #bytesOut: number | undefined = undefined;
  #disposeParts: (() => Promise<void>) | undefined = undefined;

  constructor(native: NativeApi, request: HttpRequest) {
    this.#native = native;
    this.request = request;
  }

  get announcedBytes(): number | undefined {
    const { jsonLimit, binaryLimit } = this.#native;
    return announcedBytes(this.request, Math.max(jsonLimit.maxBytes, binaryLimit.maxBytes));
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
    return this.#native;
  }

  wants(): PayloadKind {
    const { produces } = this.#native;
    const chosen = negotiate(parseAccept(this.request.headers.accept), produces);
    if (chosen === undefined) {
      const text = `this API answers with ${produces.join(" or ")}, Accept takes none of them`;
      throw new ServingError("NOT_ACCEPTABLE", text);
    }
    this.#mediaType = chosen;
    return kindOf(chosen);
  }

  decode(asked: Reading): Payload | Promise<Payload> {
    const native = this.#native;
    const reading = { ...asked, counter: this.#counter };
    const mediaType = mediaTypeOf(native, this.request);
    if (mediaType !== "application/json") return this.#decodeParts(mediaType, { ...native.binaryLimit, ...reading });
    const { maxBytes, limitName } = native.jsonLimit;
    const bytes = readBody(this.request, { maxBytes, limitName, ...reading });
    const parse = (whole: Buffer): Payload => ({ kind: "json", value: parseJsonBody(whole, native) });
    return bytes instanceof Promise ? bytes.then(parse) : parse(bytes);
  }

  async #decodeParts(mediaType: string, limits: BodyLimits): Promise<Payload> {
    const native = this.#native;
    const request = this.request;
    const { parts, dispose } = await (mediaType === "multipart/form-data"
      ? readParts(request, { ...limits, fieldLimit: native.jsonLimit })
      : rawPart(request, limits));
    this.#disposeParts = dispose;
    return { kind: "parts", parts };
  }

  encode(output: Payload, extra: ReplyExtra): HttpReply | Promise<HttpReply> {
    if (output.kind !== "json") return this.#encodePart(output, extra);
    const body = stringifyJson(output.value);
    this.#bytesOut = Buffer.byteLength(body);
    return { status: 200, headers: { ...extra.headers, "content-type": "application/json" }, body };
  }

  encodeStream(outputs: AsyncIterable<Payload>, extra: ReplyExtra): HttpReply {
    return streamReply(outputs, { mediaType: this.#mediaType, extra, requestId: this.request.requestId });
  }

  encodeError(error: ServingError): HttpReply {
    return toProblemReply(error, this.request.requestId);
  }

  dispose(): void | Promise<void> {
    return this.#disposeParts?.();
  }

  async #encodePart(output: Payload, extra: ReplyExtra): Promise<HttpReply> {
    const [part] = output.kind === "parts" ? output.parts : [];
    if (part === undefined) throw new ServingError("INTERNAL", `a result can't be written as ${this.#mediaType}`);
    const type = part.mediaType.startsWith("text/") ? `${part.mediaType}; charset=utf-8` : part.mediaType;
    if (!MEDIA_TYPE.test(type)) throw new ServingError("INTERNAL", `the result's media type is none: ${quote(type)}`);
    const headers: Record<string, string> = { ...extra.headers, "content-type": type };
    // RFC 8187, section 3.2; halves of surrogate pairs have no percent-encoding.
    if (part.fileName !== undefined)
      headers["content-disposition"] =
        `attachment; filename*=UTF-8''${encodeURIComponent(part.fileName.toWellFormed())}`;
    const body = await part.content.bytes();
    this.#bytesOut = body.byteLength;
    return { status: 200, headers, body };
  }
}

/** What an author's result may say of its type: anything else could end the header. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[\x20-\x7e]*)?$/;

function kindOf(mediaType: string): PayloadKind {
  return mediaType === "application/json" || STREAM_TYPES.includes(mediaType) ? "json" : "parts";
}

/** The body's media type. Without a Content-Type it is taken as the type that the API takes first. Throws UNSUPPORTED_MEDIA_TYPE for one that it does not take. */
function mediaTypeOf({ consumes }: NativeApi, request: HttpRequest): string {
  const header = request.headers["content-type"];
  // As almost every caller writes it: there is nothing to parse.
  if (header === "application/json" && consumes.includes(header)) return header;
  if (header === undefined) return consumes[0] ?? "application/json";
  const mediaType = parseMediaType(header);
  const { type } = mediaType;
  const json = type.endsWith("+json") ? "application/json" : type;
  if (json === "application/json") assertUtf8(mediaType);
  const taken = consumes.some(
    (range) => range === json || range === "*/*" || (range.endsWith("/*") && json.startsWith(range.slice(0, -1))),
  );
  if (taken) return json;
  throw new ServingError(
    "UNSUPPORTED_MEDIA_TYPE",
    `this API takes ${consumes.join(", ")}, got Content-Type ${JSON.stringify(type)}${hintFor(type)}`,
  );
}

function hintFor(type: string): string {
  return type === "application/x-www-form-urlencoded"
    ? " (curl sends this by default: add -H 'content-type: application/json')"
    : "";
}
