import type { Principal, RecordedCall, TagValue, Target } from "../call/types.ts";
import { ERROR_TABLE } from "../error-table.ts";
import type { ServingError } from "../errors.ts";

/** Which call it is and whose. */
export interface CallIdentity {
  readonly requestId: string;
  readonly protocol: string;
  readonly method: string;
  readonly route: string;
  readonly function: string | null;
  readonly service: string;
  readonly version: string;
  readonly principal: string | null;
  readonly issuer: string | null;
  readonly authMethod: string | null;
  readonly peerIp: string;
  readonly clientIp: string;
  readonly userAgent: string | null;
}

/** What became of one call, as it stands in the audit log: one JSON line each. Source: security.md A11, less the keys of parts that do not exist yet. */
export interface AuditRecord extends CallIdentity {
  readonly time: string;
  readonly decision: "allow" | "deny" | "error";
  readonly reason: string | null;
  readonly status: number;
  /** Status code of gRPC, null for a call over HTTP. */
  readonly grpcCode: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number | null;
  readonly durationMs: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly level: "metadata";
}

/** Facts from which it is seen which call it is. */
export interface CallFacts {
  readonly call: RecordedCall;
  readonly service: { readonly name: string; readonly version: string };
  readonly principal: Principal | undefined;
  readonly target: Target | undefined;
}

/** Facts from which a record is made. */
export interface AuditFacts extends CallFacts {
  readonly tags: ReadonlyMap<string, TagValue> | undefined;
  readonly error: ServingError | undefined;
  readonly time: Date;
  readonly durationMs: number;
}

/** Longest text of one field, in characters: a caller can't fill the disk with one header. */
const MAX_TEXT = 1024;

/** Makes the audit record of a call. Texts are cut at 1 KiB; JSON escapes control characters, so that one call is one line. */
export function toAuditRecord(facts: AuditFacts): AuditRecord {
  const { call, error, tags } = facts;
  return {
    time: facts.time.toISOString(),
    ...identify(facts),
    decision: decisionOf(error),
    reason: error === undefined ? null : error.code,
    status: error === undefined ? 200 : ERROR_TABLE[error.code].http,
    grpcCode: call.request.method === "gRPC" ? grpcCodeOf(error) : null,
    bytesIn: call.bytesIn(),
    bytesOut: call.bytesOut() ?? null,
    durationMs: Math.round(facts.durationMs * 1000) / 1000,
    ...(tags !== undefined && tags.size > 0
      ? { tags: Object.fromEntries([...tags].map(([key, value]) => [cut(key), cut(String(value))])) }
      : {}),
    level: "metadata",
  };
}

/** Which call it is, its texts cut at 1 KiB. */
export function identify({ call, service, principal, target }: CallFacts): CallIdentity {
  const { requestId, method, route, peerIp, clientIp, headers } = call.request;
  const userAgent = headers["user-agent"];
  return {
    requestId,
    protocol: call.protocol,
    method,
    route: cut(call.route ?? route),
    function: target?.api.name ?? null,
    service: service.name,
    version: service.version,
    principal: principal === undefined ? null : cut(principal.name),
    issuer: principal?.issuer ?? null,
    authMethod: principal?.method ?? null,
    peerIp,
    clientIp,
    userAgent: userAgent === undefined ? null : cut(userAgent),
  };
}

function decisionOf(error: ServingError | undefined): AuditRecord["decision"] {
  if (error === undefined) return "allow";
  return error.code === "UNAUTHENTICATED" || error.code === "PERMISSION_DENIED" ? "deny" : "error";
}

function grpcCodeOf(error: ServingError | undefined): number {
  return error === undefined ? 0 : ERROR_TABLE[error.code].grpc;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
