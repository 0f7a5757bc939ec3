import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { FetchDocument } from "../auth/oidc/fetch-document.ts";
import type { Service } from "../authoring/create-service.ts";
import { logFactsOf } from "../call/call-trace.ts";
import type { Config } from "../config/types.ts";
import { type Admission, createAdmission } from "../limits/admit.ts";
import type { RunBacklog } from "../models/run-backlog.ts";
import { createOpenCalls, type OpenCalls } from "../pipeline/open-calls.ts";
import { refuseUnrouted } from "../pipeline/refuse-unrouted.ts";
import type { Stages } from "../pipeline/stages.ts";
import { planProto } from "../protocols/proto/plan-proto.ts";
import type { ProtoRecord } from "../protocols/proto/types.ts";
import { nativeProtocol } from "../protocols/native/routes.ts";
import { ownerOfPredict } from "../protocols/predict-owner.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import { reasonOf } from "../reason-of.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createHttpApp, type HttpAppOptions } from "../transports/http/create-app.ts";
import { registerDocs } from "../transports/http/docs.ts";
import type { GrpcServer } from "../transports/grpc/create-grpc-server.ts";
import type { CallNotes } from "../workers/call-journal.ts";
import { admitHttp, bindHttpRoutes, errorShapes, ownersOfPaths } from "./bind-http.ts";
import { CALL_METRICS, toCallStatistics } from "./call-statistics.ts";
import { type Edge, httpEdgeOf, openEdge, recordRefusals } from "./edge.ts";
import { createLazyGrpcServer } from "./lazy-grpc-server.ts";
import { concurrencyOf, openBatchers } from "./open-batchers.ts";
import { openAudit } from "./open-audit.ts";
import { openTracer } from "./open-tracer.ts";
import { type Audit, createRecorder } from "./recorder.ts";
import { createSeldonMetrics } from "./seldon-metrics.ts";
import { documentedSecurity } from "./security/documented-security.ts";
import { type OpenAccess, openAccess } from "./security/open-access.ts";
import { createSharedCounts, openLimits, type SharedCounts } from "./security/open-limits.ts";
import { createSecurityEvents } from "./security/security-events.ts";
import { restRoutes, spokenProtocols } from "./rest-routes.ts";
import type { StateCell } from "./state-cell.ts";

export interface ServerParts {
  readonly service: Service;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  now(): number;
  /** State of the whole server, for probes and draining. */
  readonly state: Pick<StateCell, "get" | "onChange">;
  /** How busy the models of this process are; without it slots alone bound how many calls begin. */
  readonly workload?: RunBacklog | undefined;
  /** Where open calls are noted. */
  readonly notes?: CallNotes | undefined;
  /** Folder of the service's example files, for the documentation. */
  readonly baseDir: string;
  /** Metrics of these names summed over the whole server; this process's own unless given. */
  readonly totals?: ((names: readonly string[]) => Promise<MetricsSnapshot>) | undefined;
  /** Numbers that the service's `.proto` has given away; without them its fields are numbered in their order. */
  readonly protoRecord?: ProtoRecord | undefined;
  /** Number of this worker, for labels of metrics; 0 unless given. */
  readonly worker?: number;
  /** All metrics of the whole server in the Prometheus text format; this process's own unless given. */
  readonly metricsText?: (() => Promise<string>) | undefined;
  /** How keys of issuers are fetched; over the network unless given. */
  readonly fetchDocument?: FetchDocument | undefined;
  /** Counts of the whole server; this process's own unless given. */
  readonly counts?: SharedCounts | undefined;
}

/** The composed server of one process: an application that answers, bound to no port. */
export interface BuiltServer {
  readonly app: FastifyInstance;
  readonly grpc: GrpcServer;
  readonly admission: Admission;
  readonly openCalls: OpenCalls;
  /** Where events of this process are written down; undefined where nothing is. */
  readonly audit: Audit["sink"] | undefined;
  readonly access: Pick<OpenAccess, "trouble" | "lookForKeys">;
  /** Delivers what audit still holds, within a bounded time. */
  close(): Promise<void>;
}

/** Joins service, protocols, pipeline and transport: the only place where they meet. */
export async function buildServer(parts: ServerParts): Promise<BuiltServer> {
  const { service, config, metrics, log, now } = parts;
  const audit = openAudit(config.security.audit, {
    log,
    now,
    onLost: (count) => metrics.auditDropped.add(count),
    facts: { worker: parts.worker ?? 0 },
  });
  const admission = openAdmission(parts);
  const events = createSecurityEvents({ log, audit: audit?.sink, metrics });
  const counts = parts.counts ?? createSharedCounts(config.security, 1);
  const limits = openLimits(config.security, counts, metrics.rateLimited);
  const access = await openAccess({
    config,
    definition: service.definition,
    events,
    fetch: parts.fetchDocument,
    failedAttempts: limits.failedAttempts,
  });
  const seldon = createSeldonMetrics(metrics.user, config.seldon, parts.worker ?? 0);
  const edge = await openEdge(config, events);
  const tracer = await openTracer(config, { service: service.definition, metrics, log });
  const stages: Stages = {
    assertMayReach: edge.guard.assertMayReach,
    service,
    authenticate: access.authenticate,
    authorizer: access.authorizer,
    rates: limits.rates,
    admission,
    batchers: openBatchers(parts, seldon.metricsFor),
    requestTimeoutMs: config.server.requestTimeoutMs,
    openCalls: createOpenCalls(),
    recorder: createRecorder({ service: service.definition, metrics, audit, notes: parts.notes, log, tracer, now }),
    metricsFor: seldon.metricsFor,
    logFor: (requestId, trace) => log.child({ requestId, ...logFactsOf(trace) }),
  };
  const protocols = spokenProtocols(config.server.protocols);
  const host = hostOf(parts, seldon);
  const http = httpOptionsOf(parts, { protocols, host, stages, edge });
  const app = createHttpApp(http);
  const grpc = createLazyGrpcServer(
    async () =>
      (await import("./build-grpc-server.ts")).buildGrpcServer(protocols, host, { config, stages, guard: edge.guard }),
    (err) => log.error({ err }, "the gRPC server could not be made"),
  );
  registerDocs(app, {
    http,
    title: service.definition.name,
    loadDocument: async () => {
      const { loadDocument } = await import("./load-document.ts");
      return loadDocument(host, { baseDir: parts.baseDir, security: documentedSecurity(config, service.definition) });
    },
    loadClient: async () => {
      const { pageClient } = await import("./security/page-client.ts");
      const onFault = (issuer: string, cause: unknown): void =>
        log.warn({ issuer }, `docs: nobody can sign in on the page now: ${reasonOf(cause)}`);
      return pageClient(config.security, { fetch: parts.fetchDocument, onFault });
    },
  });
  await app.ready();
  const close = async (): Promise<void> => {
    grpc.close();
    edge.close();
    limits.close();
    access.close();
    // Calls that were cut now leave their records in the next turn.
    await nextTurn();
    await Promise.all([audit?.sink.close(), tracer?.close()]);
  };
  return { app, grpc, admission, openCalls: stages.openCalls, audit: audit?.sink, access, close };
}

/** What REST is made of. */
function httpOptionsOf(parts: ServerParts, { protocols, host, stages, edge }: Joined): HttpAppOptions {
  const { config, service } = parts;
  const ownerOf = ownersOfPaths(protocols, host, nativeProtocol);
  return {
    routes: bindHttpRoutes(
      restRoutes(protocols, host, {
        metricsText: config.kserve.isDeployed ? (parts.metricsText ?? parts.metrics.text) : undefined,
        state: parts.state,
      }),
      stages,
      config.security.public,
    ),
    advertised: service.definition.apis.map(({ name }) => `/${name}`),
    basePath: config.server.basePath,
    headersBytes: config.server.limits.headersBytes,
    requestTimeoutMs: config.server.requestTimeoutMs,
    untakenBytes: config.server.limits.queueBytes,
    trustedProxies: config.server.trustedProxies,
    maxConnectionAgeMs: config.server.maxConnectionAgeMs,
    closing: () => parts.state.get().phase === "draining",
    refuse: (request, error, facts) => refuseUnrouted({ request, protocol: "http", error }, stages, facts),
    edge: httpEdgeOf(
      edge,
      config,
      recordRefusals(stages.recorder, (route) => ownerOf(route).name),
    ),
    encodeError: errorShapes(ownerOf),
    admitToDocs: (request) => admitHttp(request, { isPublic: config.security.public.includes("docs") }, stages),
  };
}

interface Joined {
  readonly protocols: readonly Protocol[];
  readonly host: ProtocolHost;
  readonly stages: Stages;
  readonly edge: Edge;
}

/** What protocols are told of the server. */
function hostOf(parts: ServerParts, seldon: ReturnType<typeof createSeldonMetrics>): ProtocolHost {
  const { service, config, metrics } = parts;
  return {
    definition: service.definition,
    proto: planProto(service.definition, parts.protoRecord),
    limits: config.server.limits,
    modelName: config.server.modelName ?? undefined,
    isKServe: config.kserve.isDeployed,
    isReady: () => parts.state.get().ready,
    onReadyChange: parts.state.onChange,
    engineOf: (api) => service.apis.get(api)?.engine,
    statistics: async () => toCallStatistics(await (parts.totals ?? metrics.snapshot)(CALL_METRICS)),
    predictOwner: ownerOfPredict(config.server.protocols, service.definition),
    seldon: { ...config.seldon, countFeedback: seldon.countFeedback },
  };
}

function openAdmission({ service, config, metrics, now, workload }: ServerParts): Admission {
  const { concurrency, queueRows, queueBytes } = config.server.limits;
  const slots = concurrency === "auto" ? concurrencyOf(service.definition) : concurrency;
  return createAdmission({ concurrency: slots, queueRows, queueBytes }, { now, observer: metrics.queue, workload });
}
