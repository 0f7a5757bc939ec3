export { planProto } from "./plan-proto.ts";
export { printProto } from "./print-proto.ts";
export { type ProtoChanges, protoChanges } from "./proto-changes.ts";
export { parseProtoRecord, PROTO_RECORD_FILE, toProtoRecord } from "./record.ts";
export type { ProtoRecord, ServiceProto } from "./types.ts";
