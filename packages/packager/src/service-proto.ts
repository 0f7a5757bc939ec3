import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import {
  planProto,
  PROTO_RECORD_FILE,
  printProto,
  printProtoRecord,
  protoChanges,
  readProtoRecord,
  toProtoRecord,
} from "@bento-ts/runtime/proto";

/** Name of the `.proto` in a bento. */
const PROTO_FILE = "service.proto";

/** What a bento holds for its clients over gRPC. */
export interface ServiceProtoFiles {
  /** Texts by file name: the `.proto`, and the numbers by which the bento is served. */
  readonly files: Readonly<Record<string, string>>;
  /** What clients of earlier builds don't understand, by the numbers that the project has recorded. */
  readonly warnings: readonly string[];
}

/** Makes the `.proto` of a service by the numbers that its project has recorded. Throws FAILED_PRECONDITION for a record that can't be used. */
export async function serviceProtoFiles(definition: ServiceDefinition, projectDir: string): Promise<ServiceProtoFiles> {
  const record = await readProtoRecord(projectDir);
  const proto = planProto(definition, record);
  const { breaking } = record === undefined ? { breaking: [] } : protoChanges(proto, record);
  return {
    files: { [PROTO_FILE]: printProto(proto), [PROTO_RECORD_FILE]: printProtoRecord(toProtoRecord(proto, record)) },
    warnings: breaking.map((change) => `gRPC: ${change}; "bento-ts proto" accepts that`),
  };
}
