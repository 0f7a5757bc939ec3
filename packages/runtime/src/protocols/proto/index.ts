export { planProto } from "./plan-proto.ts";
export { printProto } from "./print-proto.ts";
export { type ProtoChanges, protoChanges } from "./proto-changes.ts";
export { PROTO_RECORD_FILE, toProtoRecord } from "./record.ts";
export { printProtoRecord, readProtoRecord } from "./record-file.ts";
export type { ProtoRecord, ServiceProto } from "./types.ts";
