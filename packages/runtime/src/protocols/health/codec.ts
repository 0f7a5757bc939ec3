import { delimitedTag, ProtoReader } from "../wire/proto-reader.ts";

/** Numbers of `ServingStatus` in protos/grpc/health/v1/health.proto. */
const STATUSES = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** How a service is. */
export type ServingStatus = keyof typeof STATUSES;

const SERVICE = delimitedTag(1);

/** The name in a `HealthCheckRequest`, "" where it has none. Throws INVALID_ARGUMENT for bytes that are no message. */
export function readServiceName(message: Buffer): string {
  const reader = new ProtoReader(message);
  let name = "";
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === SERVICE) name = reader.text();
    else reader.skip(tag);
  }
  return name;
}

/** A `HealthCheckResponse`. */
export function encodeStatus(status: ServingStatus): Uint8Array {
  return Uint8Array.of(0x08, STATUSES[status]);
}
