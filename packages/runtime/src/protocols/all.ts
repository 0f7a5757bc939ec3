import { kserveV1Protocol } from "./kserve-v1/protocol.ts";
import { nativeProtocol } from "./native/routes.ts";
import { oipV2Protocol } from "./oip-v2/protocol.ts";
import { seldonProtocol } from "./seldon-v1/protocol.ts";
import type { Protocol } from "./types.ts";

/** Every protocol that the server speaks, by the key under `server.protocols` that turns it off; the contract suite runs over each row. */
export const PROTOCOLS = {
  native: nativeProtocol,
  v2: oipV2Protocol,
  kserveV1: kserveV1Protocol,
  seldon: seldonProtocol,
} as const satisfies Readonly<Record<string, Protocol>>;
