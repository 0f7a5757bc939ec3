import type { HttpRoute } from "../call/types.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import { nativeRoutes } from "./native/routes.ts";

/** What a protocol needs to know of the server. */
export interface ProtocolLimits {
  readonly jsonBytes: number;
  readonly binaryBytes: number;
}

/** One protocol: its routes over HTTP for a service. */
export interface Protocol {
  readonly name: string;
  httpRoutes(definition: ServiceDefinition, limits: ProtocolLimits): readonly HttpRoute[];
}

/** Every protocol that the server speaks; the contract suite runs over each row. */
export const PROTOCOLS = [{ name: "native", httpRoutes: nativeRoutes }] as const satisfies readonly Protocol[];
