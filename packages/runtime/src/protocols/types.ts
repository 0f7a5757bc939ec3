import type { CallPhase } from "../call/phase.ts";
import type { GrpcInfoRoute, GrpcRoute, GrpcTalkRoute, HttpInfoRoute, HttpReply, HttpRoute } from "../call/types.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import type { ServingError } from "../errors.ts";
import type { ServiceProto } from "./proto/types.ts";

/** What protocols need to know of the server. */
export interface ProtocolHost {
  readonly definition: ServiceDefinition;
  /** The service's own `.proto`. */
  readonly proto: ServiceProto;
  readonly limits: ProtocolLimits;
  /** Second name of the default API as a model; undefined for the service's name. */
  readonly modelName: string | undefined;
  /** Whether KServe started this process: its probes ask without credentials. */
  readonly isKServe: boolean;
  /** Whether every worker has loaded and warmed every model and the server does not drain. */
  isReady(): boolean;
  /** Calls the listener whenever `isReady` may have changed; returns what ends that. */
  onReadyChange(listener: () => void): () => void;
  /** The engine that runs an API as it is, such as "onnx"; undefined where the author's code does more than that. */
  engineOf(api: string): string | undefined;
  /** What the APIs have done so far in the whole server, by name; an API that was not called is not there. Throws UNAVAILABLE when it can't be had in time. */
  statistics(): Promise<ReadonlyMap<string, CallStatistics>>;
  /** Whose the path `POST /predict` is. */
  readonly predictOwner: "native" | "seldon";
  readonly seldon: SeldonHost;
}

/** What one API has done so far, over all protocols and workers. */
export interface CallStatistics {
  readonly succeeded: number;
  readonly failed: number;
  /** Time of all calls together. */
  readonly seconds: number;
  /** Time of the successful ones by phase. */
  readonly phaseSeconds: Readonly<Record<CallPhase, number>>;
  /** When the last successful one ended, in seconds since 1970; 0 when there was none. */
  readonly lastSuccessSeconds: number;
}

/** What a Seldon deployment's variables say of this component, and what is counted of it. */
export interface SeldonHost {
  /** Whether the operator runs it: its probes come without credentials. */
  readonly isDeployed: boolean;
  readonly id: string | null;
  readonly image: string | null;
  /** The object of MODEL_METADATA as JSON, not checked yet; null where it is none. */
  readonly metadataJson: string | null;
  readonly includesMetrics: boolean;
  /** Whether `/predict` hands bodies to the method as they are. */
  readonly passesPayload: boolean;
  /** Longest time of one call over each transport; null for the server's own. */
  readonly restTimeoutMs: number | null;
  readonly grpcTimeoutMs: number | null;
  /** Counts a feedback that came, and its reward. */
  countFeedback(reward: number): void;
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
  /** Further such paths that are this protocol's for some services only. */
  ownPaths?(host: ProtocolHost): readonly string[];
  httpRoutes(host: ProtocolHost): readonly (HttpRoute | HttpInfoRoute)[];
  grpcRoutes(host: ProtocolHost): readonly (GrpcRoute | GrpcInfoRoute | GrpcTalkRoute)[];
  /** Files of `protos/` that hold its gRPC services, for reflection. */
  readonly protoFiles: readonly string[];
  /** The reply for an error outside of a call. */
  encodeError(error: ServingError, requestId: string): HttpReply;
}
