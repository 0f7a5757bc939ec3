import { HEALTH_SERVICE, healthRoutes } from "../protocols/health/routes.ts";
import { REFLECTION_SERVICES, type ReflectionHost, reflectionRoutes } from "../protocols/reflection/routes.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";

/** Every gRPC route of a server: the protocols' services, and health and reflection over all of them. */
export function grpcRoutes(
  protocols: readonly Protocol[],
  host: ProtocolHost,
  descriptors: ReflectionHost["descriptors"],
): ReturnType<Protocol["grpcRoutes"]> {
  const spoken = protocols.flatMap((protocol) => protocol.grpcRoutes(host));
  const services = [...new Set([...spoken.map(({ service }) => service), HEALTH_SERVICE, ...REFLECTION_SERVICES])];
  return [...spoken, ...healthRoutes(host, services), ...reflectionRoutes({ services, descriptors })];
}
