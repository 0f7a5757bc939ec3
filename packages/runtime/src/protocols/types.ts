import type { GrpcInfoRoute, GrpcRoute, GrpcTalkRoute, HttpInfoRoute, HttpReply, HttpRoute } from "../call/types.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import type { ServingError } from "../errors.ts";

/** What protocols need to know of the server. */
export interface ProtocolHost {
  readonly definition: ServiceDefinition;
  readonly limits: ProtocolLimits;
  /** Second name of the default API as a model; undefined for the service's name. */
  readonly modelName: string | undefined;
  /** Whether KServe started this process: its probes ask without credentials. */
  readonly isKServe: boolean;
  /** Whether every worker has loaded and warmed every model and the server does not drain. */
  isReady(): boolean;
  /** Calls the listener whenever `isReady` may have changed; returns what ends that. */
  onReadyChange(listener: () => void): () => void;
}

/** Largest bodies in bytes, after decompression. */
export interface ProtocolLimits {
  readonly jsonBytes: number;
  readonly binaryBytes: number;
  readonly grpcBytes: number;
}

/** One protocol: its routes over HTTP and gRPC for a service. */
export interface Protocol {
  readonly name: string;
  /** Paths below which every answer, also that to an unknown path or a wrong method, has this protocol's shape: `/v2`. */
  readonly pathPrefixes: readonly string[];
  httpRoutes(host: ProtocolHost): readonly (HttpRoute | HttpInfoRoute)[];
  grpcRoutes(host: ProtocolHost): readonly (GrpcRoute | GrpcInfoRoute | GrpcTalkRoute)[];
  /** Files of `protos/` that hold its gRPC services, for reflection. */
  readonly protoFiles: readonly string[];
  /** The reply for an error outside of a call. */
  encodeError(error: ServingError, requestId: string): HttpReply;
}
