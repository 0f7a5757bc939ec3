import { fork, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { ConnectionTarget } from "./connection-distributor.ts";
import { parseWorkerMessage, type SupervisorMessage, type WorkerMessage } from "./messages.ts";

/** How worker processes are started. */
export interface WorkerProgram {
  /** The file that calls `connectWorker`. */
  readonly file: string | URL;
  readonly args: readonly string[];
  /** Arguments for Node itself, such as `--import tsx/esm`. */
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** One worker process. After `ended` nothing more is heard of it. */
export interface WorkerProcess extends ConnectionTarget {
  readonly pid: number | undefined;
  /** Sends, or drops the message when the process can't be reached: its end is reported anyway. */
  send(message: SupervisorMessage, onSent?: () => void): void;
  /** Ends it at once, without a chance to clean up. */
  kill(): void;
}

/** What a worker process reports. */
export interface WorkerEvents {
  message(message: WorkerMessage): void;
  /** The process is gone and all its messages were read. `how`: "exit code 1" or "SIGKILL". */
  ended(end: { readonly how: string; readonly isClean: boolean }): void;
}

/** Time for the rest of the messages after the process is gone; they are in the pipe already. */
const MESSAGES_AFTER_EXIT_MS = 1000;
/** Time for a process that has closed its channel to end by itself. */
const EXIT_AFTER_DISCONNECT_MS = 5000;

/** Starts a worker process; it is heard through `events` only. */
export function startWorkerProcess(program: WorkerProgram, events: WorkerEvents): WorkerProcess {
  const file = program.file instanceof URL ? fileURLToPath(program.file) : program.file;
  const child = fork(file, [...program.args], {
    execArgv: [...program.execArgv],
    env: program.env,
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.on("message", (raw) => {
    const message = parseWorkerMessage(raw);
    if (message !== undefined) events.message(message);
  });
  watchEnd(child, events);
  return {
    pid: child.pid,
    send(message, onSent) {
      if (child.connected) child.send(message, () => onSent?.());
    },
    sendConnection({ id, listener }, socket) {
      return child.connected && sendSocket(child, { type: "connection", id, listener }, socket);
    },
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}

function sendSocket(child: ChildProcess, message: SupervisorMessage, socket: Socket): boolean {
  // The result says whether the channel is crowded, not whether it works; a failed send is followed by the worker's end.
  child.send(message, socket, { keepOpen: true }, () => undefined);
  return true;
}

function watchEnd(child: ChildProcess, events: WorkerEvents): void {
  let timer: NodeJS.Timeout | undefined;
  let how: string | undefined;
  let isClean = false;
  let isReported = false;
  function report(): void {
    if (isReported) return;
    isReported = true;
    clearTimeout(timer);
    events.ended({ how: how ?? "no exit", isClean });
  }
  child.once("exit", (code, signal) => {
    how = signal ?? `exit code ${String(code)}`;
    isClean = code === 0;
    clearTimeout(timer);
    if (!child.connected) report();
    else timer = setTimeout(report, MESSAGES_AFTER_EXIT_MS);
  });
  child.once("disconnect", () => {
    if (how !== undefined) report();
    else timer = setTimeout(() => child.kill("SIGKILL"), EXIT_AFTER_DISCONNECT_MS);
  });
  child.on("error", (error) => {
    // Raised when it could not be started, could not be killed, or a message could not be sent; only the first is an end.
    if (child.pid !== undefined) return;
    how = `could not be started: ${error.message}`;
    report();
  });
}
