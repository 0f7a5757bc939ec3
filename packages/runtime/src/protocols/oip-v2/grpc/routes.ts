import type { GrpcInfoRoute, GrpcRoute } from "../../../call/types.ts";
import type { ModelTable } from "../../served-models/model-table.ts";
import type { ProtocolHost } from "../../types.ts";
import { openInferCall } from "../infer-call.ts";
import { GrpcInferWire } from "./infer-wire.ts";

const SERVICE = "inference.GRPCInferenceService";

/** The methods of `inference.GRPCInferenceService`. */
export function grpcRoutes(
  { definition, limits }: ProtocolHost,
  models: ModelTable,
): readonly (GrpcRoute | GrpcInfoRoute)[] {
  const own = definition.apis.map((api) => api.maxBodyBytes ?? 0);
  const inference = { models, maxBytes: limits.grpcBytes, readBytes: Math.max(limits.grpcBytes, ...own) };
  return [
    {
      id: "v2.grpc.infer",
      service: SERVICE,
      method: "ModelInfer",
      stream: false,
      open: (request) => openInferCall(new GrpcInferWire(inference, request)),
    },
  ];
}
