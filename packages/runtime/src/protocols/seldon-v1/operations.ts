import type { Role } from "../../definition/types.ts";
import type { SeldonRequest } from "./types.ts";

/** One thing that a component is asked to do. */
export interface SeldonOperation {
  readonly role: Role;
  /** What it is called where its method is missing, and in route ids. */
  readonly name: string;
  readonly brings: Exclude<SeldonRequest["form"], "raw">;
  /** What is answered where the service has no such API: nothing (an empty array), the message itself, or a refusal. */
  readonly otherwise: "empty" | "same" | "refusal";
  /** Paths that take GET and POST, and those for callers from outside of a graph, which take POST alone. */
  readonly path: string;
  readonly outerPaths: readonly string[];
  /** Methods of gRPC as `Service/Method`, in package `seldon.protos`. */
  readonly grpc: readonly string[];
}

/** Everything that a component is asked to do. Source: Seldon v1, wrapper REST API and `seldon.protos`. */
export const OPERATIONS = [
  {
    role: "predict",
    name: "Predict",
    brings: "message",
    otherwise: "empty",
    path: "/predict",
    outerPaths: ["/api/v1.0/predictions", "/api/v0.1/predictions"],
    grpc: ["Model/Predict", "Seldon/Predict"],
  },
  {
    role: "transformInput",
    name: "TransformInput",
    brings: "message",
    otherwise: "same",
    path: "/transform-input",
    outerPaths: [],
    grpc: ["Transformer/TransformInput", "Generic/TransformInput"],
  },
  {
    role: "transformOutput",
    name: "TransformOutput",
    brings: "message",
    otherwise: "same",
    path: "/transform-output",
    outerPaths: [],
    grpc: ["OutputTransformer/TransformOutput", "Generic/TransformOutput"],
  },
  {
    role: "route",
    name: "Route",
    brings: "message",
    otherwise: "refusal",
    path: "/route",
    outerPaths: [],
    grpc: ["Router/Route", "Generic/Route"],
  },
  {
    role: "aggregate",
    name: "Aggregate",
    brings: "list",
    otherwise: "refusal",
    path: "/aggregate",
    outerPaths: [],
    grpc: ["Combiner/Aggregate", "Generic/Aggregate"],
  },
  {
    role: "feedback",
    name: "SendFeedback",
    brings: "feedback",
    otherwise: "empty",
    path: "/send-feedback",
    outerPaths: ["/api/v1.0/feedback", "/api/v0.1/feedback"],
    grpc: ["Model/SendFeedback", "Router/SendFeedback", "Generic/SendFeedback", "Seldon/SendFeedback"],
  },
] as const satisfies readonly SeldonOperation[];
