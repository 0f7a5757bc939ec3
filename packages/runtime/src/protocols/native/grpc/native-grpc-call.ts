import type { BodyCounter } from "../../../call/body/limits.ts";
import type { GrpcReply, GrpcRequest, RawCall, Reading, ReplyExtra, Target } from "../../../call/types.ts";
import type { ServingError } from "../../../errors.ts";
import { naturalKindOf } from "../../../io/natural-kind.ts";
import type { Payload, PayloadKind } from "../../../io/types.ts";
import { toGrpcError, toGrpcReply } from "../../grpc/grpc-error.ts";
import { membersOfSpec } from "../../proto/spec-shape.ts";
import type { ProtoMethod } from "../../proto/types.ts";
import { fromPayload, type ResultPlan } from "./from-payload.ts";
import { createMessageReader, type ReadMessage } from "./read-message.ts";
import { type PayloadPlan, toPayload } from "./to-payload.ts";

/** What one method needs for every call; made once. */
export interface NativeMethod {
  readonly api: ProtoMethod["api"];
  readonly readMessage: ReadMessage;
  readonly input: PayloadPlan;
  readonly output: ResultPlan;
  readonly outputKind: PayloadKind;
  /** Largest message in bytes, and the option that says so. */
  readonly maxBytes: number;
  readonly limitName: string;
}

/** Works out once what calls of a method need. */
export function createNativeMethod(method: ProtoMethod, limits: { readonly grpcBytes: number }): NativeMethod {
  const { api } = method;
  const own = { maxBytes: api.maxBodyBytes, limitName: `maxBodyBytes of API "${api.name}"` };
  const { maxBytes, limitName } =
    own.maxBytes === null
      ? { maxBytes: limits.grpcBytes, limitName: "server.limits.grpc" }
      : { ...own, maxBytes: own.maxBytes };
  return {
    api,
    readMessage: createMessageReader(method.request),
    input: {
      spec: api.input,
      message: method.request,
      hasMembers: membersOfSpec(api.input, "input") !== undefined,
      nan: api.nan,
    },
    output: {
      spec: api.output,
      message: method.response,
      hasMembers: membersOfSpec(api.output, "output") !== undefined,
    },
    outputKind: naturalKindOf(api.output),
    maxBytes,
    limitName,
  };
}

/** Opens a call of `bento.<service>.v1`: one message by the API's input type, one message or a stream of them by its output type. */
export function openNativeGrpcCall(method: NativeMethod, request: GrpcRequest): RawCall<GrpcReply> {
  return new NativeGrpcCall(method, request);
}

class NativeGrpcCall implements RawCall<GrpcReply> {
  readonly protocol = "native";
  readonly announcedBytes = undefined;
  readonly #native: NativeMethod;
  readonly request: GrpcRequest;
  readonly #counter: BodyCounter = { bytes: 0 };
  #bytesOut: number | undefined = undefined;

  constructor(native: NativeMethod, request: GrpcRequest) {
    this.#native = native;
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

  target(): Target {
    return this.#native;
  }

  wants(): PayloadKind {
    return this.#native.outputKind;
  }

  async decode(reading: Reading): Promise<Payload> {
    const { maxBytes, limitName, readMessage, input } = this.#native;
    const bytes = await this.request.readMessage({ maxBytes, limitName, ...reading, counter: this.#counter });
    return toPayload(readMessage(bytes), input);
  }

  async encode(output: Payload, extra: ReplyExtra): Promise<GrpcReply> {
    const message = await this.#encode(output);
    this.#bytesOut = message.byteLength;
    return toGrpcReply(message, extra.headers);
  }

  encodeStream(outputs: AsyncIterable<Payload>, extra: ReplyExtra): GrpcReply {
    return toGrpcReply(
      encodeEach(outputs, (output) => this.#encode(output)),
      extra.headers,
    );
  }

  encodeError(error: ServingError): GrpcReply {
    return toGrpcError(error, this.request.requestId);
  }

  dispose(): void {}

  #encode(output: Payload): Buffer | Promise<Buffer> {
    return fromPayload(output, this.#native.output);
  }
}

/** An iterator of its own: ending it before its first value must end the outputs too, which an unstarted generator would not do. */
function encodeEach(
  outputs: AsyncIterable<Payload>,
  encode: (output: Payload) => Buffer | Promise<Buffer>,
): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = outputs[Symbol.asyncIterator]();
      return {
        next: async () => {
          const next = await iterator.next();
          return next.done === true
            ? { done: true, value: undefined }
            : { done: false, value: await encode(next.value) };
        },
        return: async () => {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
