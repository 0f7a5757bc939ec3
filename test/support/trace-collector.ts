import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { eventually } from "./server-process.ts";

/** A span as a collector reads it. */
export interface CollectedSpan {
  readonly name: string;
  /** 2 of a server, 1 inside of one. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** "" of a root. */
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 of an error, else 0. */
  readonly status: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A collector on a free loopback port that takes spans by OTLP, over HTTP or gRPC, in any of its forms. */
export interface TraceCollector {
  readonly url: string;
  /** Everything as it came, for what must not stand in it. */
  text(): string;
  /** Headers of the requests; empty over gRPC. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  spans(): readonly CollectedSpan[];
  /** Waits for the span of a call, by the request id that its caller has sent. */
  ofCall(requestId: string): Promise<CollectedSpan>;
  close(): Promise<void>;
}

// Source: opentelemetry-proto 1.9, collector/trace/v1 and trace/v1, as far as it is looked at.
const OTLP = protobuf
  .parse(
    `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }`,
  )
  .root.lookupType("Request");

interface Request {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly WireSpan[] }[];
  }[];
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: number };
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Starts a collector that speaks OTLP over HTTP, or over gRPC. `answers` false: it takes requests and says nothing. */
export async function startCollector({
  protocol = "http",
  answers = true,
}: { readonly protocol?: "http" | "grpc"; readonly answers?: boolean } = {}): Promise<TraceCollector> {
  const texts: string[] = [];
  const headers: Readonly<Record<string, unknown>>[] = [];
  const spans: CollectedSpan[] = [];
  const take = (request: Request): void => {
    texts.push(JSON.stringify(request));
    spans.push(...readSpans(request));
  };
  const server = protocol === "http" ? await listenHttp({ take, headers, answers }) : await listenGrpc(take);
  return {
    url: `http://127.0.0.1:${server.port}`,
    text: () => texts.join("\n"),
    headers,
    spans: () => spans,
    ofCall: (requestId) =>
      eventually(async () => spans.find(({ attributes }) => attributes["bento.request_id"] === requestId)),
    close: server.close,
  };
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listenHttp(options: {
  readonly take: (request: Request) => void;
  readonly headers: Readonly<Record<string, unknown>>[];
  readonly answers: boolean;
}): Promise<Listening> {
  const server = createServer((request, response) => {
    options.headers.push(request.headers);
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (!options.answers) return;
      const sent = Buffer.concat(pieces);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      const isTrace = request.method === "POST" && request.url === "/v1/traces";
      if (isTrace && request.headers["content-type"] === "application/json")
        options.take(JSON.parse(body.toString()) as Request);
      else if (isTrace && request.headers["content-type"] === "application/x-protobuf") options.take(decode(body));
      else return void response.writeHead(400).end();
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listenGrpc(take: (request: Request) => void): Promise<Listening> {
  const server = new Server();
  server.addService(
    {
      Export: {
        path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (value: Buffer) => value,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Export: ({ request }: { request: Buffer }, done: (error: null, reply: Buffer) => void) => {
        take(decode(request));
        done(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: async () => server.forceShutdown() };
}

/** As OTLP's JSON has it: ids in hex. */
function decode(bytes: Uint8Array): Request {
  const tree = OTLP.toObject(OTLP.decode(bytes), { longs: String, bytes: Buffer }) as {
    readonly resourceSpans?: readonly { readonly scopeSpans?: readonly { readonly spans?: object[] }[] }[];
  };
  const hex = (_key: string, value: unknown): unknown => {
    const isBytes = value !== null && typeof value === "object" && "type" in value && value.type === "Buffer";
    return isBytes ? Buffer.from((value as unknown as { data: number[] }).data).toString("hex") : value;
  };
  return JSON.parse(JSON.stringify(tree), hex) as Request;
}

function readSpans({ resourceSpans = [] }: Request): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId ?? "",
        attributes: toValues(span.attributes),
        status: span.status?.code ?? 0,
        startMs: Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000,
        endMs: Number(BigInt(span.endTimeUnixNano) / 1000n) / 1000,
        resource: toValues(resource?.attributes),
      })),
    ),
  );
}

function toValues(attributes: readonly KeyValue[] = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value["stringValue"] ?? value["boolValue"] ?? Number(value["intValue"] ?? value["doubleValue"]),
    ]),
  );
}
