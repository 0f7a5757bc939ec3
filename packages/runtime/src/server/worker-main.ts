import { runBacklog } from "../models/run-backlog.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { createOnePort, type OnePort } from "../transports/one-port.ts";
import { parseMaterial } from "../transports/tls/parse-material.ts";
import { createTlsPorts, type TlsPorts } from "../transports/tls/tls-ports.ts";
import { graceMsOf } from "../pipeline/open-calls.ts";
import { openCallNotes } from "../workers/call-journal.ts";
import { createHttpSink, type HttpSink } from "../workers/http-sink.ts";
import { connectWorker } from "../workers/worker-link.ts";
import { buildServer, type BuiltServer } from "./build-server.ts";
import { fetchBy } from "../auth/oidc/shared-fetch.ts";
import { createRunObserver } from "./run-observer.ts";
import { loadService, type LoadedService } from "./load-service.ts";
import { askForCounts, askForDocument, KEYS_TOPIC } from "./security/server-topics.ts";
import type { StartPayload } from "./service-entry.ts";
import { createStateCell } from "./state-cell.ts";
import { TLS_TOPIC } from "./secure-server.ts";
import { findHungRun, watchHungRuns } from "./watch-hung-runs.ts";
import { watchModels } from "./watch-models.ts";
import { watchReadiness } from "./watch-readiness.ts";

/** What lives in this worker once it has started. */
interface Running {
  readonly loaded: LoadedService;
  readonly server: BuiltServer;
  readonly sink: HttpSink;
  readonly onePort: OnePort;
  /** Undefined where connections are not secured. */
  readonly tls: TlsPorts | undefined;
  readonly stopWatching: () => void;
  /** A model's run that goes on long after its call was over, in words. */
  readonly hungRun: () => string | undefined;
}

const metrics = createMetrics({ processMetrics: true });
const state = createStateCell({ phase: "starting", ready: false, workers: [] });
let running: Running | undefined;
/** CPUs that the other workers use, as of the last second. */
let otherCpus = 0;
let log = createLogger({ level: "info", format: "auto" });

const link = connectWorker({
  async start(payload, { id, digests: startedWith, journal }) {
    const { entry, config, baseDir, storeDir, cpus, serverCpus, digests, modelPaths } = payload as StartPayload;
    const { imports, sourceMaps, protoRecord, tuned, tunedBatches } = payload as StartPayload;
    const { logLevel, logFormat } = config.telemetry;
    log = createLogger({ level: logLevel, format: logFormat, facts: { worker: id } });
    if (sourceMaps) process.setSourceMapsEnabled(true);
    for (const url of imports) await import(url);
    const loaded = await loadService(entry, {
      baseDir,
      storeDir,
      cpus,
      spareCpus: () => serverCpus - otherCpus,
      digests,
      modelPaths,
      ...(tuned === undefined ? {} : { tuned }),
      tunedBatches,
      configuredModels: config.models,
      modelDir: config.modelDir,
      parameters: config.parameters,
      startedWith,
      requestTimeoutMs: config.server.requestTimeoutMs,
      onRun: createRunObserver(metrics),
      onCancelled: ({ source, outcome, reason }) => metrics.cancelled.run(source, outcome, reason),
      onIncident: (error) => log.error({ err: error }, error.message),
    });
    runBacklog.callsBegin();
    const server = await buildServer({
      service: loaded.service,
      config,
      metrics,
      log,
      now: () => performance.now(),
      state,
      workload: runBacklog,
      notes: journal === undefined ? undefined : openCallNotes(journal),
      baseDir,
      protoRecord,
      totals: (names) => link.totals(names),
      worker: id,
      metricsText: () => link.metricsText(),
      fetchDocument: fetchBy(askForDocument(link)),
      counts: askForCounts(link),
    });
    const graceMs = config.server.hungRunGraceMs;
    const hungRun = (): string | undefined => findHungRun(loaded.models, { graceMs, nowMs: Date.now() });
    const stops = [watchModels(loaded.states, link.setModels), watchHungRuns(hungRun, link.setHung)];
    const readiness = watchReadiness({ ...loaded, trouble: server.access.trouble }, (ready, note) => {
      link.setReady(ready, note);
      if (ready) log.info("can answer again");
      else log.warn({ reason: note }, "can't answer: /readyz says 503");
    });
    const sink = createHttpSink(server.app.server);
    const to = { http: sink.accept, grpc: server.grpc.accept };
    const tls =
      config.server.tls === null
        ? undefined
        : createTlsPorts({ clientAuth: config.server.tls.clientAuth, ...to, onFault: logHandshake });
    running = {
      loaded,
      server,
      sink,
      onePort: createOnePort(to),
      tls,
      hungRun,
      stopWatching: () => [...stops, readiness].forEach((stop) => stop()),
    };
    return loaded.states();
  },
  connection: (socket, listener) => {
    if (running === undefined) socket.destroy();
    else if (running.tls !== undefined)
      running.tls.accept(socket, listener === "grpc" || listener === "both" ? listener : "http");
    else if (listener === "grpc") running.server.grpc.accept(socket);
    else if (listener === "both") running.onePort.accept(socket);
    else running.sink.accept(socket);
  },
  stateChanged: state.set,
  async drain(timeoutMs) {
    if (running === undefined) return undefined;
    running.server.openCalls.drain(timeoutMs);
    running.stopWatching();
    running.onePort.drain();
    running.tls?.drain();
    const { sink, server } = running;
    // All calls were ended by then: who has not taken the answer, or sends half of a request, must not have the worker killed before its service has shut down.
    const cut = setTimeout(
      () => {
        sink.cut();
        server.grpc.close();
      },
      timeoutMs - graceMsOf(timeoutMs) / 2,
    );
    await Promise.all([sink.drain(), server.grpc.drain()]);
    clearTimeout(cut);
    running.server.admission.close();
    // Everybody is answered now. Waiting for a run that hangs would only last until this process is ended.
    const hung = running.hungRun();
    if (hung === undefined) {
      await running.server.admission.idle();
      await running.loaded.close();
    }
    await running.server.close();
    return hung;
  },
  uncaught: (error) => log.error({ err: error }, error.message),
  metrics,
  reopenFiles: () => running?.server.audit?.reopen(),
  setLogLevel: (level) => log.setLevel(level),
  otherCpus(cpus) {
    otherCpus = cpus;
  },
  notice(topic, value) {
    if (topic === KEYS_TOPIC) running?.server.access.lookForKeys();
    const material = topic === TLS_TOPIC ? parseMaterial(value) : undefined;
    if (material !== undefined) running?.tls?.replace(material);
  },
});

/** Callers who don't get through a handshake are many on any open port, and no fault of the service. */
function logHandshake(error: Error): void {
  log.debug({ reason: error.message }, "a TLS handshake failed");
}
