import { Socket } from "node:net";
import { assertNever, ServingError, toServingError } from "../errors.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { ModelState, ServerState } from "../telemetry/readiness.ts";
import { type ModelDigests, parseSupervisorMessage, type SupervisorMessage, type WorkerMessage } from "./messages.ts";
import { createQuestions, type Questions } from "./questions.ts";
import { createClosings, createReports, sendToSupervisor as send, type MetricsSource } from "./worker-reports.ts";
import { watchUncaughtErrors } from "./uncaught-errors.ts";

/** Which worker this is, and what it must load. */
export interface StartedWorker {
  readonly id: number;
  /** Digests of the models that the server started with; empty for its first workers. */
  readonly digests: ModelDigests;
  /** For `openCallNotes`: where calls are noted as long as they are open; undefined where nobody records calls. */
  readonly journal: string | undefined;
}

/** What a worker does, in the order of its life: start → connections and state → drain. */
export interface WorkerHandlers {
  /**
   * Loads, warms and builds all that is needed to answer; resolves when this worker is ready.
   *
   * A throw ends the worker: at the server's first start the whole server fails with its message, later the worker is replaced.
   */
  start(payload: unknown, worker: StartedWorker): Promise<readonly ModelState[]>;
  /** Takes ownership of a caller's connection, of which no byte was read. Called only after `start`. */
  connection(socket: Socket, listener: string): void;
  /** The state of the whole server; in phase "draining" replies tell their callers to close. Called before the first connection. */
  stateChanged(state: ServerState): void;
  /**
   * Finishes what runs, closes all connections, frees what `start` took, within the time. The process ends after it, or is ended.
   *
   * Gives why something still runs in native code that nobody waits for: the process is then ended from outside, its own end would abort.
   */
  drain(timeoutMs: number): Promise<string | undefined>;
  /** Logs an error that nobody caught; the worker goes on until another one has taken its place. */
  uncaught(error: ServingError): void;
  readonly metrics: MetricsSource;
  /** Files that are written to may have been moved away. */
  reopenFiles(): void;
  setLogLevel(level: string): void;
  /** CPUs that all other workers use together, each second. */
  otherCpus(cpus: number): void;
  /** What the supervisor tells all workers of a topic; the first time before the first connection. */
  notice(topic: string, value: unknown): void;
}

/** A worker's line to its supervisor. */
export interface WorkerLink {
  /** Tells whether this worker can answer, with the reason when it can't; it counts as ready from the start. */
  setReady(ready: boolean, note?: string): void;
  /** Tells that a model's run hangs. */
  setHung(reason: string): void;
  /** Tells how the models are now. */
  setModels(models: readonly ModelState[]): void;
  /** Metrics of these names, summed over the whole server; throws UNAVAILABLE when the supervisor does not answer in time. */
  totals(names: readonly string[]): Promise<MetricsSnapshot>;
  /** All metrics of the whole server as the admin port shows them; throws as `totals` does. */
  metricsText(): Promise<string>;
  /** Asks the supervisor's side of a topic; throws UNAVAILABLE with its reason when it fails, or does not answer in time. */
  ask(topic: string, question: unknown): Promise<unknown>;
}

/** A worker without supervisor answers nobody: it finishes what it can in this time, and ends. */
const ORPHAN_DRAIN_MS = 5000;
const MAX_STACK_CHARS = 4000;

/** Connects this process to the supervisor that started it; throws FAILED_PRECONDITION when none did. */
export function connectWorker(handlers: WorkerHandlers): WorkerLink {
  if (process.send === undefined) {
    throw new ServingError("FAILED_PRECONDITION", "a worker is started by the server, not by hand");
  }
  const life = createLife(handlers);
  watchUncaughtErrors(life.uncaught);
  const totals = createQuestions<MetricsSnapshot>();
  const texts = createQuestions<string>();
  const questions = createQuestions<Answer>("what the whole server knows");
  process.on("message", (raw: unknown, handle: unknown) => {
    const message = parseSupervisorMessage(raw);
    if (message !== undefined) receive(message, handle, { life, handlers, totals, texts, questions });
  });
  process.once("disconnect", life.orphaned);
  // The supervisor may be gone already: loading this process's modules takes longer than a refused configuration.
  if (!process.connected) life.orphaned();
  // A terminal's Ctrl-C and some service managers signal the whole group; the supervisor alone decides when a worker ends.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("SIGHUP", () => undefined);
  send({ type: "hello" });
  return {
    setReady: (ready, note) => send({ type: "status", ready, note }),
    setHung: (reason) => send({ type: "hung", reason }),
    setModels: (models) => send({ type: "models", models }),
    totals: (names) => totals.ask((id) => send({ type: "totals-request", id, names })),
    metricsText: () => texts.ask((id) => send({ type: "metrics-text-request", id })),
    ask: async (topic, question) => {
      const { answer, failure } = await questions.ask((id) => send({ type: "question", id, topic, question }));
      if (failure !== undefined) throw new ServingError("UNAVAILABLE", failure, { retryAfterSeconds: 1 });
      return answer;
    },
  };
}

interface Answer {
  readonly answer: unknown;
  readonly failure: string | undefined;
}

interface Handed {
  readonly life: Life;
  readonly handlers: WorkerHandlers;
  readonly totals: Questions<MetricsSnapshot>;
  readonly texts: Questions<string>;
  readonly questions: Questions<Answer>;
}

function receive(
  message: SupervisorMessage,
  handle: unknown,
  { life, handlers, totals, texts, questions }: Handed,
): void {
  switch (message.type) {
    case "start": {
      const { payload, worker: id, digests, journal } = message;
      void life.start(payload, { id, digests, journal });
      return;
    }
    case "connection":
      life.take(message, handle);
      return;
    case "state":
      handlers.stateChanged(message.state);
      return;
    case "drain":
      void life.drain(message.timeoutMs);
      return;
    case "metrics-request":
      void life.sendMetrics(message.id);
      return;
    case "totals":
      totals.answered(message.id, message.snapshot);
      return;
    case "metrics-text":
      texts.answered(message.id, message.text);
      return;
    case "reopen-files":
      handlers.reopenFiles();
      return;
    case "answer":
      questions.answered(message.id, message);
      return;
    case "log-level":
      handlers.setLogLevel(message.level);
      return;
    case "other-cpus":
      handlers.otherCpus(message.cpus);
      return;
    case "notice":
      handlers.notice(message.topic, message.value);
      return;
    default:
      assertNever(message);
  }
}

/** The worker's own moves: waiting → starting → ready → draining → end of the process. */
interface Life {
  start(payload: unknown, worker: StartedWorker): Promise<void>;
  take(connection: { readonly id: number; readonly listener: string }, handle: unknown): void;
  drain(timeoutMs: number): Promise<void>;
  sendMetrics(id: number): Promise<void>;
  orphaned(): void;
  uncaught(error: ServingError): void;
}

function createLife(handlers: WorkerHandlers): Life {
  let phase: "waiting" | "starting" | "ready" | "draining" = "waiting";
  const closings = createClosings();
  const reports = createReports(handlers.metrics);
  async function drain(timeoutMs: number): Promise<void> {
    if (phase === "draining") return;
    phase = "draining";
    reports.stop();
    const { hung, problem } = await handlers.drain(timeoutMs).then(
      (reason) => ({ hung: reason, problem: reason }),
      (cause: unknown) => ({ hung: undefined, problem: messageOf(cause) }),
    );
    closings.flush();
    await reports.sendMetrics(undefined);
    send({ type: "drained", problem }, () => {
      if (hung === undefined) process.exit(problem === undefined ? 0 : 1);
      endNow();
    });
  }
  return {
    async start(payload, worker) {
      phase = "starting";
      try {
        const models = await handlers.start(payload, worker);
        phase = "ready";
        send({ type: "ready", models });
        reports.start();
      } catch (cause) {
        send(failure(cause), () => process.exit(1));
      }
    },
    take({ id, listener }, handle) {
      // The acknowledgement leaves before a byte is read: what is not acknowledged may be sent to another worker.
      send({ type: "connection-ack", id });
      if (!(handle instanceof Socket)) {
        closings.add(id);
        return;
      }
      handle.once("close", () => closings.add(id));
      // As Node has it for its own servers' connections: what becomes of a caller who ends his side is the server's decision.
      handle.allowHalfOpen = true;
      handlers.connection(handle, listener);
    },
    drain,
    sendMetrics: reports.sendMetrics,
    uncaught(error) {
      if (phase === "waiting" || phase === "starting") {
        // Nobody knows what of the service is missing now.
        send(failure(error), () => process.exit(1));
        return;
      }
      handlers.uncaught(error);
      if (phase === "ready") send({ type: "uncaught", reason: error.message });
    },
    orphaned() {
      if (phase === "waiting" || phase === "starting") endNow();
      // Not process.exit(): it aborts the process while a native run is in progress, with a core and a message.
      setTimeout(endNow, ORPHAN_DRAIN_MS).unref();
      void drain(ORPHAN_DRAIN_MS);
    },
  };
}

function endNow(): void {
  process.kill(process.pid, "SIGKILL");
}

function failure(cause: unknown): WorkerMessage {
  const error = toServingError(cause);
  // The operator reads this, not a caller: a foreign error's own message and place are what helps.
  const origin = error.cause instanceof Error ? error.cause : undefined;
  const message = cause instanceof ServingError ? error.message : messageOf(cause);
  return { type: "failed", code: error.code, message, stack: origin?.stack?.slice(0, MAX_STACK_CHARS) };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
