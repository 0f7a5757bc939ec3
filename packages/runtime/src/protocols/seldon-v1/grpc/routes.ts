import type { GrpcInfoRoute, GrpcRoute } from "../../../call/types.ts";
import { quote } from "../../../describe-value.ts";
import { ServingError } from "../../../errors.ts";
import type { ProtocolHost } from "../../types.ts";
import { delimitedTag, ProtoReader } from "../../wire/proto-reader.ts";
import { toMetadata } from "../metadata.ts";
import { OPERATIONS, type SeldonOperation } from "../operations.ts";
import { openSeldonCall } from "../seldon-call.ts";
import { findTarget } from "../target.ts";
import { encodeMetadata } from "./encode-metadata.ts";
import { GrpcSeldonWire } from "./grpc-wire.ts";

/** Every method of the seven services of `seldon.protos`: a component answers all of them, whatever it is in its graph. */
export function grpcRoutes(host: ProtocolHost): readonly (GrpcRoute | GrpcInfoRoute)[] {
  return [
    ...OPERATIONS.flatMap((operation) => operationRoutes(operation, host)),
    question("Model/Metadata", () => encodeMetadata(toMetadata(host.definition, host.seldon))),
    question("Seldon/ModelMetadata", (message) => metadataOf(host, readName(message))),
    question("Seldon/GraphMetadata", () => {
      throw new ServingError("UNIMPLEMENTED", "a component knows nothing of its graph: ask the orchestrator");
    }),
  ];
}

function operationRoutes(operation: SeldonOperation, host: ProtocolHost): readonly GrpcRoute[] {
  const shared = { operation, found: findTarget(host.definition, operation), host: host.seldon };
  return operation.grpc.map((path) => ({
    id: `seldon.grpc.${operation.role}`,
    ...placeOf(path),
    api: "api" in shared.found ? shared.found.api.name : null,
    stream: false,
    open: (request) => openSeldonCall(shared, new GrpcSeldonWire(request, { operation, host })),
  }));
}

function question(path: string, answer: GrpcInfoRoute["answer"]): GrpcInfoRoute {
  return { id: "seldon.grpc.metadata", protocol: "seldon", ...placeOf(path), isPublic: false, answer };
}

/** `Model/Predict` is the method Predict of `seldon.protos.Model`. */
function placeOf(path: string): Pick<GrpcRoute, "service" | "method"> {
  const [service = "", method = ""] = path.split("/");
  return { service: `seldon.protos.${service}`, method };
}

/** A component is one model: under its own name, that of its unit or service, or without one. */
function metadataOf({ definition, seldon }: ProtocolHost, name: string): Buffer {
  const metadata = toMetadata(definition, seldon);
  const known = [metadata.name, seldon.id, definition.name];
  if (name === "" || known.includes(name)) return encodeMetadata(metadata);
  throw new ServingError("NOT_FOUND", `unknown model ${quote(name)}: this is ${quote(metadata.name)}`);
}

const NAME = 1;

function readName(message: Buffer): string {
  let name = "";
  const reader = new ProtoReader(message);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(NAME)) name = reader.text();
    else reader.skip(tag);
  }
  return name;
}
