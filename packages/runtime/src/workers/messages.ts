import { ERROR_TABLE, type ErrorCode } from "../error-table.ts";
import { parseMetricsSnapshot, type MetricsSnapshot } from "../telemetry/metrics-snapshot.ts";
import type { ModelState, ServerState } from "../telemetry/readiness.ts";

/** Content digests of models by source. */
export type ModelDigests = Readonly<Record<string, string>>;

/** What the supervisor tells a worker. A connection's socket travels beside its message. */
export type SupervisorMessage =
  | {
      readonly type: "start";
      readonly worker: number;
      readonly payload: unknown;
      readonly digests: ModelDigests;
      readonly journal: string | undefined;
    }
  | { readonly type: "connection"; readonly id: number; readonly listener: string }
  | { readonly type: "state"; readonly state: ServerState }
  | { readonly type: "drain"; readonly timeoutMs: number }
  | { readonly type: "metrics-request"; readonly id: number }
  /** Answers the worker's request of that id. */
  | { readonly type: "totals"; readonly id: number; readonly snapshot: MetricsSnapshot }
  /** Answers the worker's request of that id. */
  | { readonly type: "metrics-text"; readonly id: number; readonly text: string }
  /** Answers the worker's question of that id; `failure` is why there is no answer. */
  | { readonly type: "answer"; readonly id: number; readonly answer: unknown; readonly failure: string | undefined }
  | { readonly type: "log-level"; readonly level: string }
  /** CPUs that all other workers use together. */
  | { readonly type: "other-cpus"; readonly cpus: number }
  /** Files that are written to may have been moved away. */
  | { readonly type: "reopen-files" }
  /** Something that is the same in every worker; it replaces what was said of that topic before. */
  | { readonly type: "notice"; readonly topic: string; readonly value: unknown };

/** What a worker tells the supervisor. */
export type WorkerMessage =
  /** The worker listens: messages sent before would be lost on a file that takes long to import. */
  | { readonly type: "hello" }
  | { readonly type: "ready"; readonly models: readonly ModelState[] }
  /** The models as they are now. */
  | { readonly type: "models"; readonly models: readonly ModelState[] }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly message: string; readonly stack: string | undefined }
  /** Sent before a byte of the connection is read. */
  | { readonly type: "connection-ack"; readonly id: number }
  | { readonly type: "connections-closed"; readonly ids: readonly number[] }
  /** An error that nobody caught: the worker goes on, and is to be replaced. */
  | { readonly type: "uncaught"; readonly reason: string }
  /** A model's run goes on long after its call was over: the worker goes on beside it, and is to be replaced. Said again while it does. */
  | { readonly type: "hung"; readonly reason: string }
  | { readonly type: "status"; readonly ready: boolean; readonly note: string | undefined }
  /** `id` of the request that it answers; undefined when the worker sends it by itself. */
  | { readonly type: "metrics"; readonly id: number | undefined; readonly snapshot: MetricsSnapshot }
  /** Asks for metrics of these names, summed over the whole server. */
  | { readonly type: "totals-request"; readonly id: number; readonly names: readonly string[] }
  /** Asks for all metrics of the whole server, as the admin port shows them. */
  | { readonly type: "metrics-text-request"; readonly id: number }
  /** Asks what is known of a topic in the whole server; workers and supervisor carry it, those who made them know what it means. */
  | { readonly type: "question"; readonly id: number; readonly topic: string; readonly question: unknown }
  /** Resident memory now, and CPUs used since the last time. */
  | { readonly type: "usage"; readonly rssBytes: number; readonly cpus: number }
  | { readonly type: "drained"; readonly problem: string | undefined };

/** Reads a message from a worker; undefined for anything else, such as messages that author's code sends by itself. */
export function parseWorkerMessage(value: unknown): WorkerMessage | undefined {
  const fields = toFields(value);
  switch (fields.type) {
    case "hello":
      return { type: "hello" };
    case "ready":
      return isModels(fields.models) ? { type: "ready", models: fields.models } : undefined;
    case "models":
      return isModels(fields.models) ? { type: "models", models: fields.models } : undefined;
    case "failed":
      if (!isErrorCode(fields.code) || typeof fields.message !== "string" || !isOptionalText(fields.stack))
        return undefined;
      return { type: "failed", code: fields.code, message: fields.message, stack: fields.stack };
    case "connection-ack":
      return isCount(fields.id) ? { type: "connection-ack", id: fields.id } : undefined;
    case "connections-closed":
      return isCounts(fields.ids) ? { type: "connections-closed", ids: fields.ids } : undefined;
    case "status":
      if (typeof fields.ready !== "boolean" || !isOptionalText(fields.note)) return undefined;
      return { type: "status", ready: fields.ready, note: fields.note };
    case "uncaught":
    case "hung":
      return typeof fields.reason === "string" ? { type: fields.type, reason: fields.reason } : undefined;
    case "metrics": {
      const snapshot = parseMetricsSnapshot(fields.snapshot);
      if (snapshot === undefined || !(fields.id === undefined || isCount(fields.id))) return undefined;
      return { type: "metrics", id: fields.id, snapshot };
    }
    case "totals-request":
      if (!isCount(fields.id) || !isTexts(fields.names)) return undefined;
      return { type: "totals-request", id: fields.id, names: fields.names };
    case "metrics-text-request":
      return isCount(fields.id) ? { type: "metrics-text-request", id: fields.id } : undefined;
    case "question": {
      const { id, topic, question } = fields;
      return isCount(id) && typeof topic === "string" ? { type: "question", id, topic, question } : undefined;
    }
    case "usage": {
      const { rssBytes, cpus } = fields;
      return isCount(rssBytes) && isAmount(cpus) ? { type: "usage", rssBytes, cpus } : undefined;
    }
    case "drained":
      return isOptionalText(fields.problem) ? { type: "drained", problem: fields.problem } : undefined;
    default:
      return undefined;
  }
}

/** Reads a message from the supervisor; undefined for anything else. */
export function parseSupervisorMessage(value: unknown): SupervisorMessage | undefined {
  const fields = toFields(value);
  switch (fields.type) {
    case "start": {
      if (!isCount(fields.worker) || !isDigests(fields.digests) || !isOptionalText(fields.journal)) return undefined;
      const { worker, payload, digests, journal } = fields;
      return { type: "start", worker, payload, digests, journal };
    }
    case "connection":
      if (!isCount(fields.id) || typeof fields.listener !== "string") return undefined;
      return { type: "connection", id: fields.id, listener: fields.listener };
    case "state":
      return isServerState(fields.state) ? { type: "state", state: fields.state } : undefined;
    case "drain":
      return isCount(fields.timeoutMs) ? { type: "drain", timeoutMs: fields.timeoutMs } : undefined;
    case "metrics-request":
      return isCount(fields.id) ? { type: "metrics-request", id: fields.id } : undefined;
    case "totals": {
      const snapshot = parseMetricsSnapshot(fields.snapshot);
      return snapshot === undefined || !isCount(fields.id) ? undefined : { type: "totals", id: fields.id, snapshot };
    }
    case "metrics-text":
      if (!isCount(fields.id) || typeof fields.text !== "string") return undefined;
      return { type: "metrics-text", id: fields.id, text: fields.text };
    case "answer": {
      const { id, answer, failure } = fields;
      return isCount(id) && isOptionalText(failure) ? { type: "answer", id, answer, failure } : undefined;
    }
    case "log-level":
      return typeof fields.level === "string" ? { type: "log-level", level: fields.level } : undefined;
    case "other-cpus":
      return isAmount(fields.cpus) ? { type: "other-cpus", cpus: fields.cpus } : undefined;
    case "reopen-files":
      return { type: "reopen-files" };
    case "notice":
      return typeof fields.topic === "string"
        ? { type: "notice", topic: fields.topic, value: fields.value }
        : undefined;
    default:
      return undefined;
  }
}

function toFields(value: unknown): Readonly<Partial<Record<string, unknown>>> {
  return typeof value === "object" && value !== null ? (value as Partial<Record<string, unknown>>) : {};
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isDigests(value: unknown): value is ModelDigests {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_TABLE, value);
}

function isModels(value: unknown): value is readonly ModelState[] {
  return Array.isArray(value) && value.every(isModel);
}

function isModel(value: unknown): value is ModelState {
  const { source, place, p95Ms, tuned, pool, note, digest, replacement, warning } = toFields(value);
  const isTuning = tuned === undefined || (typeof tuned === "object" && tuned !== null);
  const isP95 = p95Ms === undefined || typeof p95Ms === "number";
  const areTexts = [note, digest, replacement, warning].every(isOptionalText);
  return typeof source === "string" && typeof place === "string" && isP95 && isTuning && isPool(pool) && areTexts;
}

function isPool(value: unknown): value is ModelState["pool"] {
  const { threads, longestQueue } = toFields(value);
  return value === undefined || (isCount(threads) && isCount(longestQueue));
}

/** The supervisor is our own code: its shape is checked as far as a foreign message could be mistaken for it. */
function isServerState(value: unknown): value is ServerState {
  const { phase, ready, workers } = toFields(value);
  return typeof phase === "string" && typeof ready === "boolean" && Array.isArray(workers);
}
