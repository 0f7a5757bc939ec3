import type { GrpcInfoRoute, GrpcRoute } from "../../../call/types.ts";
import type { ModelTable } from "../../served-models/model-table.ts";
import type { ProtocolHost } from "../../types.ts";
import { openInferCall } from "../infer-call.ts";
import { modelConfig } from "../model-config.ts";
import { modelFacts, serverFacts } from "../model-facts.ts";
import { modelStatistics } from "../model-statistics.ts";
import { GrpcInferWire } from "./infer-wire.ts";
import {
  decodeModelQuery,
  encodeFlag,
  encodeModelConfig,
  encodeModelFacts,
  encodeModelStatistics,
  encodeServerFacts,
} from "./info-messages.ts";

const SERVICE = "inference.GRPCInferenceService";

/** The methods of `inference.GRPCInferenceService`. */
export function grpcRoutes(host: ProtocolHost, models: ModelTable): readonly (GrpcRoute | GrpcInfoRoute)[] {
  const { definition, limits } = host;
  const own = definition.apis.map((api) => api.maxBodyBytes ?? 0);
  const inference = {
    models,
    maxBytes: limits.grpcBytes,
    readBytes: Math.max(limits.grpcBytes, ...own),
    isTyped: host.seldon.isDeployed,
  };
  return [
    {
      id: "v2.grpc.infer",
      service: SERVICE,
      method: "ModelInfer",
      stream: false,
      open: (request) => openInferCall(new GrpcInferWire(inference, request)),
    },
    question("ServerLive", () => encodeFlag(true)),
    question("ServerReady", () => encodeFlag(host.isReady())),
    question("ServerMetadata", () => encodeServerFacts(serverFacts(host))),
    question("ModelReady", (message) => {
      const { name, version } = decodeModelQuery(message);
      models.find(name, version);
      return encodeFlag(host.isReady());
    }),
    question("ModelMetadata", (message) => encodeModelFacts(modelFacts(host, models, decodeModelQuery(message)))),
    question("ModelConfig", (message) => encodeModelConfig(modelConfig(host, models, decodeModelQuery(message)))),
    question("ModelStatistics", async (message) =>
      encodeModelStatistics(await modelStatistics(host, models, decodeModelQuery(message))),
    ),
  ];
}

function question(method: string, answer: GrpcInfoRoute["answer"]): GrpcInfoRoute {
  return { id: `v2.grpc.${method}`, protocol: "v2", service: SERVICE, method, isPublic: false, answer };
}
