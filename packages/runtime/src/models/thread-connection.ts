import { Worker } from "node:worker_threads";
import { ServingError } from "../errors.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import { ENGINES } from "./engines.ts";
import { type FromThread, fromErrorMessage, packTensors, type ThreadStart, type ToThread } from "./thread-messages.ts";
import type { ModelInfo } from "./types.ts";

/** One inference thread, from its start to its end; it answers one request at a time. */
export interface ThreadConnection {
  readonly info: ModelInfo;
  /** Throws what the run threw; UNAVAILABLE when the thread ends before it has answered. */
  request(feeds: NamedTensors, options: { readonly giveAway: boolean }): Promise<ThreadAnswer>;
  /** Asks the thread to free its model and end; resolves when it has. Only without a request in progress: ending a run from outside aborts the process. */
  close(): Promise<void>;
  /** Resolves when the thread has ended; with the reason, unless it was asked to. */
  readonly ended: Promise<ServingError | undefined>;
  /** Whether it has; known as soon as a request that it ended under has failed. */
  readonly hasEnded: boolean;
}

export interface ThreadAnswer {
  readonly tensors: NamedTensors;
  /** Milliseconds of the run itself. */
  readonly ms: number;
}

/** Starts a thread and loads the model there. Throws what loading threw; UNAVAILABLE when the thread ends first. */
export async function openThread(start: ThreadStart): Promise<ThreadConnection> {
  ENGINES[start.engine].prepare(start.spec.threads);
  // Without execArgv: a loader for the author's TypeScript has nothing to do here and costs start-up time.
  const worker = new Worker(threadFile(), { workerData: start, execArgv: [], name: "bento-ts inference" });
  const inbox = openInbox(worker);
  let closing = false;
  let hasEnded = false;
  let failure: unknown;
  worker.on("error", (cause) => (failure = cause));
  const ended = new Promise<ServingError | undefined>((resolve) => {
    worker.once("exit", (exitCode) => {
      const error = threadEnded(exitCode, failure);
      hasEnded = true;
      inbox.fail(error);
      resolve(closing ? undefined : error);
    });
  });
  const post = (message: ToThread, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);

  return {
    info: takeInfo(await inbox.next(() => undefined)),
    async request(feeds, options) {
      const { tensors, transfer } = packTensors(feeds, options);
      return takeAnswer(await inbox.next(() => post({ kind: "run", feeds: tensors }, transfer)));
    },
    async close() {
      closing = true;
      worker.ref();
      post({ kind: "close" });
      await ended;
    },
    ended,
    get hasEnded() {
      return hasEnded;
    },
  };
}

/** The answers of a thread: at most one is awaited at a time. */
interface Inbox {
  /** Sends, then resolves to the next message; rejects when that says `failed`. */
  next(send: () => void): Promise<FromThread>;
  /** Rejects what is awaited, now and from now on. */
  fail(error: ServingError): void;
}

function openInbox(worker: Worker): Inbox {
  let receive: ((message: FromThread | ServingError) => void) | undefined;
  let failed: ServingError | undefined;
  const deliver = (message: FromThread | ServingError): void => {
    const awaited = receive;
    receive = undefined;
    // Only an answer that is awaited keeps the process alive.
    worker.unref();
    awaited?.(message);
  };
  worker.on("message", deliver);
  return {
    next: (send) =>
      new Promise((resolve, reject) => {
        if (failed !== undefined) return reject(failed);
        receive = (message) => {
          if (message instanceof ServingError) reject(message);
          else if (message.kind === "failed") reject(fromErrorMessage(message.error));
          else resolve(message);
        };
        worker.ref();
        send();
      }),
    fail(error) {
      failed = error;
      deliver(error);
    },
  };
}

function takeInfo(message: FromThread): ModelInfo {
  if (message.kind !== "ready") throw unexpected(message);
  return message.info;
}

function takeAnswer(message: FromThread): ThreadAnswer {
  if (message.kind !== "done") throw unexpected(message);
  return { tensors: message.tensors, ms: message.ms };
}

function unexpected(message: FromThread): ServingError {
  return new ServingError("INTERNAL", `unexpected message "${message.kind}" from an inference thread`);
}

function threadEnded(exitCode: number, cause: unknown): ServingError {
  return new ServingError("UNAVAILABLE", "the thread that runs the model ended; it is being replaced", {
    retryAfterSeconds: 1,
    details: { exitCode },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** As source or as built, wherever in dist this code is put. */
function threadFile(): URL {
  return new URL(
    import.meta.url.endsWith(".ts") ? "../models/inference-thread-main.ts" : "../models/inference-thread-main.js",
    import.meta.url,
  );
}
