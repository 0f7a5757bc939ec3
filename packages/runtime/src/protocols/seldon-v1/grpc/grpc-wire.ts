import type { GrpcReply, GrpcRequest, ReplyExtra, Target } from "../../../call/types.ts";
import { ServingError } from "../../../errors.ts";
import { toGrpcError, toGrpcReply } from "../../grpc/grpc-error.ts";
import type { ProtocolHost } from "../../types.ts";
import type { SeldonOperation } from "../operations.ts";
import type { SeldonReading, SeldonWire } from "../seldon-call.ts";
import type { SeldonReply, SeldonRequest } from "../types.ts";
import { decodeFeedback, decodeMessage, decodeMessages } from "./decode-message.ts";
import { encodeMessage } from "./encode-message.ts";
import { createValueBudget } from "./read-field.ts";

type Host = Pick<ProtocolHost, "limits" | "seldon">;

/** An operation over gRPC. PAYLOAD_PASSTHROUGH is no matter of it: `binData` brings bytes as they are. */
export class GrpcSeldonWire implements SeldonWire<GrpcReply> {
  readonly request: GrpcRequest;
  readonly #operation: SeldonOperation;
  readonly #host: Host;

  constructor(request: GrpcRequest, { operation, host }: { readonly operation: SeldonOperation; readonly host: Host }) {
    this.request = request;
    this.#operation = operation;
    this.#host = host;
  }

  announcedBytes(): undefined {
    return undefined;
  }

  callerTimeoutMs(): number | undefined {
    const own = this.#host.seldon.grpcTimeoutMs;
    const given = this.request.timeoutMs();
    return own === null ? given : Math.min(own, given ?? own);
  }

  async readRequest({ api }: Target, reading: SeldonReading): Promise<SeldonRequest> {
    const limit =
      api.maxBodyBytes === null
        ? { maxBytes: this.#host.limits.grpcBytes, limitName: "server.limits.grpc" }
        : { maxBytes: api.maxBodyBytes, limitName: `maxBodyBytes of API "${api.name}"` };
    const bytes = await this.request.readMessage({ ...limit, ...reading });
    const repeated = { leftBytes: limit.maxBytes, limitName: limit.limitName };
    const budgets = { values: createValueBudget(), repeated };
    switch (this.#operation.brings) {
      case "message":
        return { form: "message", message: decodeMessage(bytes, "", budgets) };
      case "list":
        return { form: "list", messages: decodeMessages(bytes, budgets) };
      case "feedback":
        return { form: "feedback", feedback: decodeFeedback(bytes, budgets) };
    }
  }

  async encode(
    reply: SeldonReply,
    { headers }: ReplyExtra,
  ): Promise<{ readonly reply: GrpcReply; readonly bytes: number }> {
    const message = await encodeMessage(reply);
    return { reply: toGrpcReply(message, headers), bytes: message.byteLength };
  }

  encodeRaw(): never {
    throw new ServingError("INTERNAL", "a message over gRPC was handed on as it is");
  }

  encodeError(error: ServingError): GrpcReply {
    const { routing } = error.details;
    // A route that gives no branch is the one fault of an author's that its caller is told.
    const shown = typeof routing === "string" ? new ServingError("INVALID_ARGUMENT", routing) : error;
    return toGrpcError(shown, this.request.requestId);
  }

  dispose(): void {}
}
