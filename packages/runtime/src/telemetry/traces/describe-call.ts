import type { Attributes } from "@opentelemetry/api";
import type { RecordedCall } from "../../call/types.ts";
import { ERROR_TABLE } from "../../error-table.ts";
import type { ServingError } from "../../errors.ts";
import type { TracedOutcome } from "./call-tracer.ts";

/** Ports of REST and gRPC; 0 where it is any free one. */
export interface Ports {
  readonly http: number;
  readonly grpc: number;
}

/** Stands for what is not from a closed list. Source: OpenTelemetry semantic conventions for HTTP and RPC. */
const OTHER = "_OTHER";

const METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "TRACE",
]);

/** `POST /score` or `package.Service/Method`: from a closed list, whatever was called. */
export function spanNameOf(call: RecordedCall): string {
  const route = routeOf(call);
  if (isGrpc(call)) return route?.slice(1) ?? OTHER;
  const method = METHODS.has(call.request.method) ? call.request.method : "HTTP";
  return route === undefined ? method : `${method} ${route}`;
}

/** What a span tells of its call: never headers, bodies, queries or messages of errors. Source: OpenTelemetry semantic conventions for HTTP and RPC. */
export function describeCall(call: RecordedCall, { api, error }: TracedOutcome, ports: Ports): Attributes {
  const { request, protocol } = call;
  const port = isGrpc(call) ? ports.grpc : ports.http;
  return {
    ...(isGrpc(call) ? rpcAttributes(call, error) : httpAttributes(call, error)),
    "client.address": request.clientIp,
    ...(port === 0 ? undefined : { "server.port": port }),
    ...(error === undefined ? undefined : { "error.type": error.code }),
    ...(api === undefined ? undefined : { "bento.api": api }),
    "bento.protocol": protocol,
    "bento.request_id": request.requestId,
  };
}

/** Whether an error marks the span of a server. Source: the conventions: HTTP from 500 on; of gRPC UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS. */
export function isFaultOfServer(call: RecordedCall, { code }: ServingError): boolean {
  const { http, grpc } = ERROR_TABLE[code];
  return isGrpc(call) ? FAULTS.has(grpc) : http >= 500;
}

const FAULTS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

function httpAttributes(call: RecordedCall, error: ServingError | undefined): Attributes {
  const { request } = call;
  const route = routeOf(call);
  return {
    "http.request.method": METHODS.has(request.method) ? request.method : OTHER,
    // A path that no route has may hold anything.
    ...(route === undefined ? undefined : { "http.route": route, "url.path": request.path }),
    "url.scheme": request.tls === undefined ? "http" : "https",
    "http.response.status_code": error === undefined ? 200 : ERROR_TABLE[error.code].http,
  };
}

function rpcAttributes(call: RecordedCall, error: ServingError | undefined): Attributes {
  const [, service = OTHER, method = OTHER] = /^\/(.+)\/([^/]+)$/.exec(routeOf(call) ?? "") ?? [];
  return {
    "rpc.system": "grpc",
    "rpc.service": service,
    "rpc.method": method,
    "rpc.grpc.status_code": error === undefined ? 0 : ERROR_TABLE[error.code].grpc,
  };
}

/** Its template; undefined for what no route answers. */
function routeOf(call: RecordedCall): string | undefined {
  const { route } = call.request;
  return route.startsWith("/") ? route : undefined;
}

function isGrpc({ request }: RecordedCall): boolean {
  return request.method === "gRPC";
}
