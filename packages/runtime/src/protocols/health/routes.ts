import type { Cancellation } from "../../call/cancellation.ts";
import type { GrpcInfoRoute, GrpcTalkRoute } from "../../call/types.ts";
import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import type { ProtocolHost } from "../types.ts";
import { encodeStatus, readServiceName, type ServingStatus } from "./codec.ts";

/** `package.Service` of the health protocol. */
export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** The part of the host that health tells of. */
export type HealthHost = Pick<ProtocolHost, "isReady" | "onReadyChange">;

/**
 * The routes of gRPC's health protocol, public as all probes: `""` stands for the server, every name of `services` has the same status, since all of them are answered by every worker.
 *
 * Source: gRPC, "GRPC Health Checking Protocol"; protocols.md section 16.
 */
export function healthRoutes(
  host: HealthHost,
  services: readonly string[],
): readonly (GrpcInfoRoute | GrpcTalkRoute)[] {
  const known = new Set(["", ...services]);
  const status = (): ServingStatus => (host.isReady() ? "SERVING" : "NOT_SERVING");
  const common = { id: "health", protocol: "health", service: HEALTH_SERVICE, isPublic: true } as const;
  return [
    {
      ...common,
      method: "Check",
      answer: (message) => {
        const name = readServiceName(message);
        if (!known.has(name)) throw new ServingError("NOT_FOUND", `this server has no service ${quote(name)}`);
        return encodeStatus(status());
      },
    },
    {
      ...common,
      method: "Watch",
      converse: (messages, signal) => watch(messages, signal, { host, known, status }),
    },
  ];
}

interface Watched {
  readonly host: HealthHost;
  readonly known: ReadonlySet<string>;
  status(): ServingStatus;
}

/** The status at once, then each change; it ends with why the signal was aborted. */
async function* watch(
  messages: AsyncIterable<Buffer>,
  signal: Cancellation,
  { host, known, status }: Watched,
): AsyncGenerator<Uint8Array> {
  const name = await readOnlyName(messages);
  let isStale = true;
  let wake = (): void => undefined;
  const changed = (): void => {
    isStale = true;
    wake();
  };
  const stopListening = host.onReadyChange(changed);
  signal.addEventListener("abort", changed);
  try {
    let last: ServingStatus | undefined;
    while (!signal.aborted) {
      isStale = false;
      const now = known.has(name) ? status() : "SERVICE_UNKNOWN";
      if (now !== last) yield encodeStatus(now);
      last = now;
      if (isStale) continue;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    throw signal.reason;
  } finally {
    stopListening();
    signal.removeEventListener("abort", changed);
  }
}

async function readOnlyName(messages: AsyncIterable<Buffer>): Promise<string> {
  let name: string | undefined;
  for await (const message of messages) {
    if (name !== undefined)
      throw new ServingError("INVALID_ARGUMENT", "expected one message in this call, a second one came");
    name = readServiceName(message);
  }
  if (name === undefined)
    throw new ServingError("INVALID_ARGUMENT", "expected one message in this call, it ended without");
  return name;
}
