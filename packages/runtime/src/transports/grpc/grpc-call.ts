import type { IncomingHttpHeaders } from "node:http";
import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { bodyAborted, bodyCutShort, bodyTooLarge, type BodyLimits } from "../../call/body/limits.ts";
import { Canceller } from "../../call/cancellation.ts";
import { clientIpOf, isTrustedProxy } from "../../call/client-ip.ts";
import { withoutForged } from "../../call/forged-headers.ts";
import { requestIdOf } from "../../call/request-id.ts";
import type { GrpcRequest, TlsFacts } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { decompress } from "./decompress.ts";
import type { MessageWatcher } from "./message-reader.ts";
import { toHeaders } from "./metadata.ts";
import type { StreamFacts } from "./stream-facts.ts";

/** What the transport knows of a call beyond its metadata. */
export interface GrpcCallFacts extends StreamFacts {
  readonly route: string;
  readonly trustedProxies: readonly string[];
  /** How compressed messages of this call are compressed. */
  readonly encoding: string;
}

/** One gRPC call on its way in: metadata → (asked for) message → half-close. It is the watcher of its own message reader. */
export class GrpcCall implements GrpcRequest, MessageWatcher {
  readonly method = "gRPC";
  readonly requestId: string;
  readonly peerIp: string;
  readonly signal = new Canceller();
  readonly #base: ServerInterceptingCallInterface;
  readonly #facts: GrpcCallFacts;
  readonly #metadata: Metadata;
  #fields: readonly string[];
  #headers: IncomingHttpHeaders | undefined;
  /** The one message of the call; in a stream that which was asked for last, undefined for the end. */
  #arrival = Promise.withResolvers<Buffer | undefined>();
  #limits: BodyLimits | undefined;
  /** Whether the messages that came and were not taken yet are compressed. */
  readonly #compressed: boolean[] = [];
  #isArriving = false;
  /** Whether the caller has sent the end of its messages behind the last of them. */
  #isWhole = false;
  #isStream = false;
  #failure: { readonly cause: unknown } | undefined;
  #message: Buffer | undefined;

  constructor(base: ServerInterceptingCallInterface, metadata: Metadata, facts: GrpcCallFacts) {
    this.#base = base;
    this.#facts = facts;
    this.#metadata = metadata;
    this.#fields = facts.fields;
    this.requestId = requestIdOf({ headers: { "x-request-id": metadata.get("x-request-id").join(", ") } });
    this.peerIp = base.getConnectionInfo().remoteAddress ?? "";
    // Refused without having been asked for: who reads later is told by `readMessage`.
    this.#arrival.promise.catch(() => undefined);
  }

  get headers(): IncomingHttpHeaders {
    // Made when they are asked for: most calls end without.
    this.#headers ??= this.#isFromProxy ? toHeaders(this.#metadata) : withoutForged(toHeaders(this.#metadata));
    return this.#headers;
  }

  valuesOf(name: string): readonly string[] {
    const values: string[] = [];
    for (let at = 0; at + 1 < this.#fields.length; at += 2)
      if (this.#fields[at] === name) values.push(this.#fields[at + 1] ?? "");
    return values;
  }

  get route(): string {
    return this.#facts.route;
  }

  get tls(): TlsFacts | undefined {
    return this.#facts.tls;
  }

  get #isFromProxy(): boolean {
    return isTrustedProxy(this.peerIp, this.#facts.trustedProxies);
  }

  get clientIp(): string {
    const forwarded = this.#metadata.get("x-forwarded-for").map(String);
    return clientIpOf(this.peerIp, forwarded.length === 0 ? undefined : forwarded, this.#facts.trustedProxies);
  }

  /** Takes a header away that nobody behind this may see. */
  forget(name: string): void {
    this.#metadata.remove(name);
    this.#fields = this.#fields.filter((_, at) => this.#fields[at - (at % 2)] !== name);
    this.#headers = undefined;
  }

  timeoutMs(): number | undefined {
    const deadline = Number(this.#base.getDeadline());
    return Number.isFinite(deadline) ? Math.max(1, deadline - Date.now()) : undefined;
  }

  async readMessage(limits: BodyLimits): Promise<Buffer> {
    const message = await this.#take(limits);
    if (message === undefined)
      throw new ServingError("INVALID_ARGUMENT", "expected one message in this call, it ended without");
    if (limits.counter !== undefined) limits.counter.bytes = message.length;
    limits.tap?.(message);
    return message;
  }

  async *messages(limits: BodyLimits): AsyncGenerator<Buffer, void, undefined> {
    this.#isStream = true;
    while (true) {
      if (this.#failure !== undefined) throw this.#failure.cause;
      const message = await this.#take(limits);
      if (message === undefined) return;
      yield message;
      this.#arrival = Promise.withResolvers();
    }
  }

  /** Asks for the next message, or for the end of the messages: nothing is taken off the connection before. */
  async #take(limits: BodyLimits): Promise<Buffer | undefined> {
    const { signal } = limits;
    if (signal.aborted) throw bodyAborted(signal);
    this.#limits = limits;
    const abort = (): void => this.#arrival.reject(bodyAborted(signal));
    signal.addEventListener("abort", abort, { once: true });
    this.#base.startRead();
    try {
      const message = await this.#arrival.promise;
      if (message === undefined || this.#compressed.shift() !== true) return message;
      return await decompress(message, this.#facts.encoding, limits);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  begun(): void {
    this.#isArriving = true;
  }

  announced(bytes: number): void {
    this.#isArriving = true;
    if (this.#message !== undefined)
      throw new ServingError("INVALID_ARGUMENT", "expected one message in this call, a second one came");
    const limits = this.#limits;
    if (limits === undefined) return;
    if (bytes > limits.maxBytes) throw bodyTooLarge(limits, `the message of ${bytes} bytes`);
    limits.hold?.(bytes);
  }

  refused(cause: unknown): void {
    this.#fail(cause);
  }

  completed(message: Buffer, isCompressed: boolean): boolean {
    this.#compressed.push(isCompressed);
    this.#isArriving = false;
    // The messages of a stream are handed on when they are asked for, and their caller is held back until then.
    if (this.#isStream) return false;
    this.#message = message;
    return true;
  }

  receiveMessage(message: Buffer): void {
    this.#arrival.resolve(message);
  }

  receiveHalfClose(): void {
    if (this.#isArriving) return this.#fail(bodyCutShort());
    this.#isWhole = true;
    this.#arrival.resolve(this.#message);
  }

  receiveCancel(): void {
    // The end of an answered call is told in this way as well: there is nothing to refuse then, and an error costs as much as the rest of this.
    if (!this.#isWhole) this.#fail(bodyCutShort());
    this.signal.abort(undefined);
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#arrival.reject(cause);
  }
}
