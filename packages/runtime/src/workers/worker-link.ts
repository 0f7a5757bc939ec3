import { Socket } from "node:net";
import { assertNever, ServingError, toServingError } from "../errors.ts";
import type { MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { ModelState, ServerState } from "../telemetry/readiness.ts";
import { parseSupervisorMessage, type SupervisorMessage, type WorkerMessage } from "./messages.ts";

/** What a worker does, in the order of its life: start → connections and state → drain. */
export interface WorkerHandlers {
  /**
   * Loads, warms and builds all that is needed to answer; resolves when this worker is ready.
   *
   * A throw ends the worker: at the server's first start the whole server fails with its message, later the worker is replaced.
   */
  start(payload: unknown, worker: { readonly id: number }): Promise<readonly ModelState[]>;
  /** Takes ownership of a caller's connection, of which no byte was read. Called only after `start`. */
  connection(socket: Socket, listener: string): void;
  /** The state of the whole server; in phase "draining" replies tell their callers to close. Called before the first connection. */
  stateChanged(state: ServerState): void;
  /** Finishes what runs, closes all connections, frees what `start` took. The process ends after it. */
  drain(): Promise<void>;
  readonly metrics: { snapshot(): Promise<MetricsSnapshot>; revision(): number };
  setLogLevel(level: string): void;
}

/** A worker's line to its supervisor. */
export interface WorkerLink {
  /** Tells whether this worker can answer, with the reason when it can't; it counts as ready from the start. */
  setReady(ready: boolean, note?: string): void;
}

const REPORT_INTERVAL_MS = 1000;
/** Every n-th report carries metrics, when they changed: what the supervisor shows while this worker computes. */
const METRICS_EVERY = 2;
/** A worker without supervisor answers nobody: it finishes what it can in this time, and ends. */
const ORPHAN_DRAIN_MS = 5000;
const MAX_STACK_CHARS = 4000;

/** Connects this process to the supervisor that started it; throws FAILED_PRECONDITION when none did. */
export function connectWorker(handlers: WorkerHandlers): WorkerLink {
  if (process.send === undefined) {
    throw new ServingError("FAILED_PRECONDITION", "a worker is started by the server, not by hand");
  }
  let phase: "waiting" | "starting" | "ready" | "draining" = "waiting";
  const closings = createClosingCount();
  const reports = createReports(handlers);

  async function start(payload: unknown, id: number): Promise<void> {
    phase = "starting";
    try {
      const models = await handlers.start(payload, { id });
      phase = "ready";
      send({ type: "ready", models });
      reports.start();
    } catch (cause) {
      send(failure(cause), () => process.exit(1));
    }
  }
  function take(id: number, handle: unknown): void {
    // The acknowledgement leaves before a byte is read: what is not acknowledged may be sent to another worker.
    send({ type: "connection-ack", id });
    if (handle instanceof Socket) handle.once("close", closings.add);
    else closings.add();
  }
  async function drain(): Promise<void> {
    if (phase === "draining") return;
    phase = "draining";
    reports.stop();
    const problem = await handlers.drain().then(() => undefined, messageOf);
    closings.flush();
    await reports.sendMetrics(undefined);
    send({ type: "drained", problem }, () => process.exit(problem === undefined ? 0 : 1));
  }
  function receive(message: SupervisorMessage, handle: unknown): void {
    switch (message.type) {
      case "start":
        void start(message.payload, message.worker);
        return;
      case "connection":
        take(message.id, handle);
        if (handle instanceof Socket) {
          // A caller may end its side after the request and still wait for the reply; Node sets this for its own servers only.
          handle.allowHalfOpen = true;
          handlers.connection(handle, message.listener);
        }
        return;
      case "state":
        handlers.stateChanged(message.state);
        return;
      case "drain":
        void drain();
        return;
      case "metrics-request":
        void reports.sendMetrics(message.id);
        return;
      case "log-level":
        handlers.setLogLevel(message.level);
        return;
      default:
        assertNever(message);
    }
  }

  process.on("message", (raw: unknown, handle: unknown) => {
    const message = parseSupervisorMessage(raw);
    if (message !== undefined) receive(message, handle);
  });
  process.once("disconnect", () => {
    if (phase === "waiting" || phase === "starting") endNow();
    // Not process.exit(): it aborts the process while a native run is in progress, with a core and a message.
    setTimeout(endNow, ORPHAN_DRAIN_MS).unref();
    void drain();
  });
  // A terminal's Ctrl-C and some service managers signal the whole group; the supervisor alone decides when a worker ends.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  send({ type: "hello" });
  return { setReady: (ready, note) => send({ type: "status", ready, note }) };
}

/** Sends, or drops the message when the supervisor is gone; `onSent` runs in both cases. */
function send(message: WorkerMessage, onSent: () => void = () => undefined): void {
  if (process.connected && process.send !== undefined) process.send(message, undefined, undefined, onSent);
  else onSent();
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

/** Counts closed connections and reports them once a turn of the loop. */
function createClosingCount(): { add(): void; flush(): void } {
  let count = 0;
  const flush = (): void => {
    if (count > 0) send({ type: "connections-closed", count });
    count = 0;
  };
  return {
    add() {
      if (count === 0) setImmediate(flush);
      count += 1;
    },
    flush,
  };
}

/** Tells memory each second and metrics every other one. */
function createReports(handlers: Pick<WorkerHandlers, "metrics">): {
  start(): void;
  stop(): void;
  sendMetrics(id: number | undefined): Promise<void>;
} {
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;
  let sentRevision: number | undefined;
  async function sendMetrics(id: number | undefined): Promise<void> {
    sentRevision = handlers.metrics.revision();
    const snapshot = await handlers.metrics.snapshot().catch(() => undefined);
    // Without a snapshot the supervisor shows the last one it has: metrics must never end a worker.
    if (snapshot !== undefined) send({ type: "metrics", id, snapshot });
  }
  function report(): void {
    ticks += 1;
    send({ type: "memory", rssBytes: process.memoryUsage.rss() });
    if (ticks % METRICS_EVERY === 0 && handlers.metrics.revision() !== sentRevision) void sendMetrics(undefined);
  }
  return {
    start() {
      timer = setInterval(report, REPORT_INTERVAL_MS);
      timer.unref();
    },
    stop: () => clearInterval(timer),
    sendMetrics,
  };
}
