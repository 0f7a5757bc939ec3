import type { KeyRow } from "../key-row.ts";
import { integer, orAuto, orOff, size } from "../key-types.ts";

/** Keys about how much one caller or all of them may ask for. */
export const LIMITS_KEYS = {
  "server.limits.json": {
    type: size({ min: "1KiB", max: "512MiB" }),
    default: "16MiB",
    reason: "some 100 000 rows; a longest string of the engine bounds it at 512 MiB",
    doc: "Largest JSON, text or CSV body, counted after decompression.",
  },
  "server.limits.binary": {
    type: size({ min: "1KiB", max: "4GiB" }),
    default: "128MiB",
    reason: "100 MB payloads are in use",
    doc: "Largest binary or multipart body, counted after decompression.",
  },
  "server.limits.grpc": {
    type: size({ min: "1KiB", max: "2GiB" }),
    default: "128MiB",
    reason: "100 MB payloads are in use; the same as for binary bodies",
    doc: "Largest gRPC message, counted after decompression.",
  },
  "server.limits.headers": {
    type: size({ min: "1KiB", max: "1MiB" }),
    default: "32KiB",
    reason: "a token of 16 KiB fits",
    doc: "Largest set of request headers.",
  },
  "server.limits.connections": {
    type: integer({ min: 1, max: 1_000_000 }),
    default: 1000,
    reason: "below the usual limit of 1024 open files",
    doc: "Connections of the whole server; further ones are closed.",
  },
  "server.limits.connectionsPerIp": {
    type: integer({ min: 1, max: 1_000_000 }),
    default: 100,
    reason: "more than a caller's pool usually holds, a tenth of what all may have",
    doc: "Connections of one IPv4 address or IPv6 /64; further ones are closed. Peers in `server.trustedProxies` are exempt: behind them stand many callers.",
  },
  "server.limits.queueRows": {
    type: integer({ min: 0, max: 10_000_000 }),
    default: 1000,
    reason: "a queue that is longer than callers wait answers nobody",
    doc: "Rows that may wait for a slot, per worker; a call whose body still comes counts as one. Past it callers with a share of their own in it get 503 with `Retry-After`; one with less takes the place of the caller who has most.",
  },
  "server.limits.queueBytes": {
    type: size({ min: "1KiB", max: "1024GiB" }),
    default: "512MiB",
    reason: "four of the largest binary bodies",
    doc: "Body bytes that waiting calls may hold together, per worker. Past it the same holds as for rows. Answers of more than 16 KiB that callers do not take may hold as much, over REST and over gRPC each: past it the one that waits longest, of the address that holds most, is cut off.",
  },
  "server.limits.concurrency": {
    type: orAuto(integer({ min: 1, max: 1_000_000 })),
    default: "auto",
    reason:
      "64, and with batched APIs room for two batches of each: enough to keep a worker busy while bodies arrive, little enough to hold in memory",
    doc: "Calls in progress at once, per worker; fewer while runs of models wait for 20 ms and more.",
  },
  "server.limits.workerMemory": {
    type: orOff(size({ min: "64MiB", max: "1024GiB" })),
    default: "off",
    reason: "only the model's owner knows how much it needs",
    doc: "Resident memory of one worker past which it is drained and replaced.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
