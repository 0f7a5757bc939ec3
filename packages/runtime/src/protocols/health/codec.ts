import protobuf from "protobufjs/minimal.js";
import { readingMessage } from "../grpc/reading-message.ts";

/** Numbers of `ServingStatus` in protos/grpc/health/v1/health.proto. */
const STATUSES = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** How a service is. */
export type ServingStatus = keyof typeof STATUSES;

/** The name in a `HealthCheckRequest`, "" where it has none. Throws INVALID_ARGUMENT for bytes that are no message. */
export function readServiceName(message: Buffer): string {
  return readingMessage(() => {
    const reader = protobuf.Reader.create(message);
    let name = "";
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === NAME) name = Buffer.from(reader.bytes()).toString();
      else reader.skipType(tag & 7);
    }
    return name;
  });
}

/** Field 1, delimited. */
const NAME = 0x0a;

/** A `HealthCheckResponse`. */
export function encodeStatus(status: ServingStatus): Uint8Array {
  return Uint8Array.of(0x08, STATUSES[status]);
}
