import type { AuditLevel } from "../call/audit-level.ts";
import type { Principal, RecordedCall, TagValue, Target, TlsFacts } from "../call/types.ts";
import { ERROR_TABLE } from "../error-table.ts";
import type { ServingError } from "../errors.ts";
import type { BodyFields } from "./body-trace.ts";
import { type Decision, decisionOf, reasonOf } from "./decision.ts";
import { cutName, cutText } from "./line.ts";
import { queryNamesOf } from "./query-names.ts";
import { traceIdOf } from "./trace-id.ts";

/** Which call it is and whose. */
export interface CallIdentity {
  readonly requestId: string;
  readonly traceId: string | null;
  readonly protocol: string;
  readonly method: string;
  readonly route: string;
  readonly queryNames?: readonly string[];
  readonly function: string | null;
  readonly service: string;
  readonly version: string;
  readonly principal: string | null;
  readonly issuer: string | null;
  readonly authMethod: string | null;
  readonly clientId: string | null;
  readonly credentialId: string | null;
  readonly peerIp: string;
  readonly clientIp: string;
  readonly tls?: { readonly version: string; readonly cipher: string; readonly clientSubject: string | null };
  readonly userAgent: string | null;
}

/** What became of one call, as it stands in the audit log: one JSON line each. Source: security.md A11. */
export interface AuditRecord extends CallIdentity, BodyFields {
  readonly time: string;
  readonly decision: Decision;
  readonly reason: string | null;
  /** The clause that decided, by its place in the configuration or the definition. */
  readonly rule: string | null;
  readonly status: number;
  /** Status code of gRPC, null for a call over HTTP. */
  readonly grpcCode: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number | null;
  readonly durationMs: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly level: Exclude<AuditLevel, "none">;
}

/** Facts from which it is seen which call it is. */
export interface CallFacts {
  readonly call: RecordedCall;
  readonly service: { readonly name: string; readonly version: string };
  readonly principal: Principal | undefined;
  readonly target: Target | undefined;
  /** Where traces are on. */
  readonly traceId: string | undefined;
}

/** What became of a call. */
export interface CallOutcome {
  readonly call: RecordedCall;
  readonly tags: ReadonlyMap<string, TagValue> | undefined;
  readonly rule: string | undefined;
  readonly error: ServingError | undefined;
  /** Since the epoch. */
  readonly endedMs: number;
  readonly durationMs: number;
  readonly level: Exclude<AuditLevel, "none">;
  readonly body: BodyFields | undefined;
}

/** Which call it is, as JSON. Made once for each call: its note and its record hold the same, and it is the larger part of both. */
export function toIdentityText(facts: CallFacts): string {
  return JSON.stringify(identify(facts));
}

/** Makes the audit record of a call, as JSON (AuditRecord), from what `toIdentityText` gave and what became of it. */
export function toRecordText(identity: string, outcome: CallOutcome): string {
  const rest = JSON.stringify(toEnd(outcome));
  return `{"time":"${timeText(outcome.endedMs)}",${identity.slice(1, -1)},${rest.slice(1)}`;
}

function toEnd(outcome: CallOutcome): Omit<AuditRecord, keyof CallIdentity | "time"> {
  const { call, error, tags, rule } = outcome;
  return {
    decision: decisionOf(error),
    reason: error === undefined ? null : reasonOf(error),
    rule: rule === undefined ? null : cutText(rule),
    status: error === undefined ? 200 : ERROR_TABLE[error.code].http,
    grpcCode: call.request.method === "gRPC" ? grpcCodeOf(error) : null,
    bytesIn: call.bytesIn(),
    bytesOut: call.bytesOut() ?? null,
    durationMs: Math.round(outcome.durationMs * 1000) / 1000,
    ...(tags !== undefined && tags.size > 0 ? { tags: tagsOf(tags) } : undefined),
    level: outcome.level,
    ...outcome.body,
  };
}

function tagsOf(tags: ReadonlyMap<string, TagValue>): Record<string, string> {
  return Object.fromEntries([...tags].map(([key, value]) => [cutText(key), cutText(String(value))]));
}

// State: many calls end in one millisecond, and its text costs as much as a third of a record.
let lastTime = { ms: Number.NaN, text: "" };

function timeText(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

/** Which call it is, its texts cut. */
function identify({ call, service, principal, target, traceId }: CallFacts): CallIdentity {
  const { requestId, method, route, peerIp, clientIp, query, tls } = call.request;
  const userAgent = textOf(call.request, "user-agent");
  return {
    requestId,
    traceId: traceId ?? traceIdOf(textOf(call.request, "traceparent")),
    protocol: call.protocol,
    method: cutName(method),
    route: cutText(call.route ?? route),
    ...(query === undefined || query.size === 0 ? undefined : { queryNames: queryNamesOf(query) }),
    function: target?.api.name ?? null,
    service: service.name,
    version: service.version,
    principal: principal === undefined ? null : cutText(principal.name),
    issuer: principal?.issuer ?? null,
    authMethod: principal?.method ?? null,
    clientId: principal?.clientId === undefined ? null : cutName(principal.clientId),
    credentialId: principal?.credentialId === undefined ? null : cutName(principal.credentialId),
    peerIp,
    clientIp: cutName(clientIp),
    ...(tls === undefined ? undefined : { tls: connectionOf(tls) }),
    userAgent: userAgent === undefined ? null : cutText(userAgent),
  };
}

/** A header's values in one text, undefined without it. All headers together are made for those who ask for them, which most calls do not. */
function textOf(request: RecordedCall["request"], name: string): string | undefined {
  const values = request.valuesOf(name);
  return values.length === 0 ? undefined : values.join(", ");
}

function connectionOf({ version, cipher, client }: TlsFacts): NonNullable<CallIdentity["tls"]> {
  return { version, cipher, clientSubject: client === undefined ? null : cutName(client.subject) };
}

function grpcCodeOf(error: ServingError | undefined): number {
  return error === undefined ? 0 : ERROR_TABLE[error.code].grpc;
}
