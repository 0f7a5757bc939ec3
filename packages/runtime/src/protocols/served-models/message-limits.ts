import { type BodyLimits, bodyTooLarge } from "../../call/body/limits.ts";
import type { ApiDefinition } from "../../definition/types.ts";
import type { ProtocolHost } from "../types.ts";

/** How large the messages of a method may be whose model is known only once the message was read. */
export interface MessageLimits {
  /** Held to while the message comes: the largest of all limits. */
  readonly reading: Pick<BodyLimits, "maxBytes" | "limitName">;
  /** Throws PAYLOAD_TOO_LARGE for a message that is longer than its API takes. */
  assertFits(message: Uint8Array, api: ApiDefinition): void;
}

/** The limits of a service: each API's own one, or `server.limits.grpc`. */
export function createMessageLimits({
  definition,
  limits,
}: Pick<ProtocolHost, "definition" | "limits">): MessageLimits {
  const own = definition.apis.map(({ maxBodyBytes }) => maxBodyBytes ?? 0);
  const usual = { maxBytes: limits.grpcBytes, limitName: "server.limits.grpc" };
  return {
    reading: { ...usual, maxBytes: Math.max(usual.maxBytes, ...own) },
    assertFits({ byteLength }, { name, maxBodyBytes }) {
      const limit =
        maxBodyBytes === null ? usual : { maxBytes: maxBodyBytes, limitName: `maxBodyBytes of API "${name}"` };
      if (byteLength > limit.maxBytes) throw bodyTooLarge(limit, `the message of ${byteLength} bytes`);
    },
  };
}
