import { availableCpus, cpusOfWorker, resolveWorkers } from "../config/cgroup.ts";
import { assertMayBind } from "../config/start-rule.ts";
import type { Config } from "../config/types.ts";
import { modelStoreDir } from "../models/store/layout.ts";
import { reasonOf } from "../reason-of.ts";
import { createLogger, type Logger } from "../telemetry/logger.ts";
import type { ServerState } from "../telemetry/readiness.ts";
import type { TlsWatch } from "../transports/tls/watch-tls.ts";
import type { EarlyWorker } from "../workers/early-worker.ts";
import type { ListenAddress, SupervisorTiming } from "../workers/supervisor-options.ts";
import { createSupervisor, type Supervisor } from "../workers/supervisor.ts";
import { openServerAudit } from "./open-server-audit.ts";
import type { Audit } from "./recorder.ts";
import { createLostCallRecorder } from "./record-lost-calls.ts";
import type { ProtoRecord } from "../protocols/proto/types.ts";
import { answerWorkers, KEYS_TOPIC } from "./security/server-topics.ts";
import { TLS_TOPIC, watchCertificates } from "./secure-server.ts";
import type { ServiceEntry, StartPayload } from "./service-entry.ts";
import { findTuning, tellTuning } from "./tuning.ts";
import { openSidePorts, type SidePorts } from "./side-ports.ts";
import { workerProgram } from "./worker-program.ts";

export interface StartOptions {
  readonly entry: ServiceEntry;
  readonly config: Config;
  /** Folder against which the service's relative paths are resolved. */
  readonly baseDir: string;
  /** Folder of the project, in which `bento.tune.json` is looked for; nothing is when it is left out. */
  readonly projectDir?: string | undefined;
  /** Folder of the model store; the user's own when left out. */
  readonly storeDir?: string;
  readonly digests?: Readonly<Record<string, string>>;
  /** Absolute paths at which a bento holds its models, by source. */
  readonly modelPaths?: Readonly<Record<string, string>>;
  /** Numbers that the service's `.proto` has given away; without them its fields are numbered in their order. */
  readonly protoRecord?: ProtoRecord | undefined;
  /** Lines that reading the configuration wants said. */
  readonly warnings?: readonly string[];
  /** URLs of modules that each worker imports before the service, such as a loader for TypeScript. */
  readonly imports?: readonly string[];
  /** Whether stack traces are led back to the author's lines by a source map. */
  readonly sourceMaps?: boolean;
  /** A worker that was started before, by `startEarlyWorker` of this copy of the runtime. */
  readonly earlyWorker?: EarlyWorker | undefined;
}

/** A server that answers. */
export interface RunningServer {
  /** Base URL of the main port, with the base path. */
  readonly url: string;
  /** Host and port of gRPC. */
  readonly grpcAddress: string;
  readonly adminUrl: string;
  state(): ServerState;
  /** Stops in order: not ready → drainDelay → no new connections → what runs is finished. Gives the exit code. */
  drain(): Promise<number>;
  /** Looks at once at the files that are looked at from time to time: certificates. */
  reload(): void;
  /** Ends every worker at once. */
  kill(): void;
  /** Where events of the server as a whole are written down; undefined where nothing is. */
  readonly audit: Audit["sink"] | undefined;
  /** Opens the files anew that records are appended to, in every process. */
  reopenFiles(): void;
  /** Logs an error that nobody caught in this process. */
  uncaught(thrown: unknown): void;
}

/**
 * Starts admin port, workers and main port; resolves when every worker has loaded and warmed every model.
 *
 * Throws ServingError: FAILED_PRECONDITION for a bind that the start rule forbids, a certificate that can't serve or a service that can't be loaded. Nothing is left running then.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { config } = options;
  const { server } = config;
  const log = createLogger({ level: config.telemetry.logLevel, format: config.telemetry.logFormat });
  const warning = assertMayBind(config);
  for (const line of [...(options.warnings ?? []), ...(warning === undefined ? [] : [warning])]) log.warn(line);
  const cpus = availableCpus();
  const workers = resolveWorkers(config, cpus);
  const workerCpus = cpusOfWorker(cpus, workers);
  const tuning = await findTuning(options.projectDir, { config, cpus, cpusPerWorker: workerCpus, log });
  const audit = openServerAudit(config, workers, log);
  const tls = await watchCertificates(config, log, audit?.sink).catch(async (cause: unknown) => {
    await audit?.sink.close();
    throw cause;
  });
  const supervisor = createSupervisor({
    program: workerProgram(),
    earlyWorker: options.earlyWorker,
    workers,
    payload: {
      ...startPayload(options, { cpus: workerCpus, serverCpus: cpus }),
      tuned: tuning?.choices,
      tunedBatches: tuning?.batches,
    },
    listen: listenersOf(server),
    maxConnections: server.limits.connections,
    maxConnectionsPerIp: server.limits.connectionsPerIp,
    trustedProxies: server.trustedProxies,
    drainDelayMs: server.drainDelayMs,
    drainTimeoutMs: server.drainTimeoutMs,
    memoryBytes: server.limits.workerMemoryBytes,
    timing: timingOf(server),
    onLostCalls: createLostCallRecorder(audit, log),
    answer: answerWorkers(config.security, workers, { onKeysChanged: () => supervisor.tell(KEYS_TOPIC, true) }),
    ownMetrics: () => tls?.metrics() ?? [],
    logger: log,
  });
  tls?.follow((material) => supervisor.tell(TLS_TOPIC, material));
  let { port } = server;
  let side: SidePorts | undefined;
  const close = async (): Promise<void> => {
    tls?.close();
    await side?.close();
    await audit?.sink.close();
  };
  try {
    side = await openSidePorts(config, supervisor, { logger: log, httpsPort: () => port });
    const { admin, redirect } = side;
    const { addresses } = await supervisor.start();
    port = (addresses["http"] ?? addresses["both"])?.port ?? server.port;
    const grpcAddress = `${hostInUrl(server.host)}:${addresses["grpc"]?.port ?? port}`;
    const url = `${server.tls === null ? "http" : "https"}://${hostInUrl(server.host)}:${port}${server.basePath === "/" ? "" : server.basePath}`;
    const adminUrl = `http://${hostInUrl(server.admin.host)}:${admin.address.port}`;
    tellReplacements(log, supervisor.state());
    tellWarnings(log, supervisor.state());
    tellTuning(log, tuning, supervisor.state());
    announce(log, { url, grpcAddress, adminUrl, workers, redirectPort: redirect?.address.port });
    return { url, grpcAddress, adminUrl, ...lifeOf({ supervisor, close, tls, audit, log }) };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function lifeOf({
  supervisor,
  close,
  tls,
  audit,
  log,
}: {
  readonly supervisor: Supervisor;
  /** Closes what is left once no worker is. */
  readonly close: () => Promise<void>;
  readonly tls: TlsWatch | undefined;
  readonly audit: Audit | undefined;
  readonly log: Logger;
}): Omit<RunningServer, "url" | "grpcAddress" | "adminUrl"> {
  return {
    state: () => supervisor.state(),
    async drain() {
      const code = await supervisor.drain();
      await close();
      return code;
    },
    reload: () => void tls?.reload(),
    kill: () => supervisor.kill(),
    audit: audit?.sink,
    reopenFiles() {
      audit?.sink.reopen();
      supervisor.reopenFiles();
    },
    uncaught: (thrown) =>
      log.error({ err: thrown }, `an error outside of the workers, the server stops: ${reasonOf(thrown)}`),
  };
}

/** The ports to open; their names tell workers what is spoken there. */
function listenersOf({ host, port, grpcPort }: Config["server"]): readonly ListenAddress[] {
  if (port === grpcPort && port !== 0) return [{ name: "both", host, port }];
  return [
    { name: "http", host, port },
    { name: "grpc", host, port: grpcPort },
  ];
}

/** A worker that stands still has its runs inline: it is ended when one on a thread would count as hung. */
function timingOf({ requestTimeoutMs, hungRunGraceMs }: Config["server"]): Partial<SupervisorTiming> {
  if (hungRunGraceMs === null) return {};
  return { unresponsiveMs: Math.max(MIN_UNRESPONSIVE_MS, requestTimeoutMs + hungRunGraceMs) };
}

/** Longer than a busy machine keeps a worker from telling of itself. */
const MIN_UNRESPONSIVE_MS = 10_000;

function startPayload(options: StartOptions, share: Pick<StartPayload, "cpus" | "serverCpus">): StartPayload {
  const { entry, config, baseDir, storeDir = modelStoreDir(), digests = {}, modelPaths = {}, protoRecord } = options;
  const { imports = [], sourceMaps = false } = options;
  return { entry, config, baseDir, storeDir, ...share, digests, modelPaths, imports, sourceMaps, protoRecord };
}

/** What is served in place of the author's or the bento's own models must not go unsaid. */
function tellReplacements(log: Logger, { workers: [first] }: ServerState): void {
  for (const { source, replacement, digest } of first?.models ?? []) {
    if (replacement === undefined) continue;
    log.info(
      { source, replacement, digest },
      `model "${source}" is replaced by "${replacement}", as the configuration says`,
    );
  }
}

/** Once, however many workers and models a warning is about. */
function tellWarnings(log: Logger, { workers: [first] }: ServerState): void {
  const models = first?.models ?? [];
  for (const warning of new Set(models.flatMap((model) => model.warning ?? []))) {
    log.warn({ models: models.filter((model) => model.warning === warning).map(({ source }) => source) }, warning);
  }
}

function announce(
  log: Logger,
  facts: {
    readonly url: string;
    readonly grpcAddress: string;
    readonly adminUrl: string;
    readonly workers: number;
    readonly redirectPort: number | undefined;
  },
): void {
  log.info(
    facts,
    `ready on ${facts.url} (gRPC ${facts.grpcAddress}, docs ${facts.url}/docs, metrics ${facts.adminUrl}/metrics)`,
  );
}

/** An IPv6 address stands in brackets in a URL; a wildcard can't be called, loopback can. */
function hostInUrl(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
