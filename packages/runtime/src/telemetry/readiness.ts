import { basename, isAbsolute } from "node:path";

/** One model of one worker as probes show it. */
export interface ModelState {
  /** The source as the author wrote it. */
  readonly source: string;
  /** Where its runs happen: "inline" or "thread". */
  readonly place: string;
  /** 95th percentile of one run at warm-up. */
  readonly p95Ms: number | undefined;
  /** What was taken from measurements instead of defaults. */
  readonly tuned?: ModelTuning | undefined;
  /** Threads that are open now, 0 inline, and the most runs that have waited at once. */
  readonly pool?: { readonly threads: number; readonly longestQueue: number } | undefined;
  readonly note: string | undefined;
  /** Of its content, "sha256:…". */
  readonly digest: string | undefined;
  /** The store tag or path that is used instead of the source, when the configuration says so. */
  readonly replacement: string | undefined;
  /** What its operator must know of how it runs. */
  readonly warning: string | undefined;
}

/** What `bento-ts tune` has chosen for a model and its author has left open. */
export interface ModelTuning {
  readonly threads?: number;
  readonly place?: string;
  readonly batch?: number | null;
}

/** Legal moves of a worker: starting → ready → draining → dead, and from each to dead. */
export type WorkerPhase = "starting" | "ready" | "draining" | "dead";

/** The worker that holds one of the N places; `restarts` counts the replacements in that place. */
export interface WorkerState {
  readonly id: number;
  readonly pid: number | undefined;
  readonly phase: WorkerPhase;
  readonly restarts: number;
  readonly models: readonly ModelState[];
  /** Why it is not ready, when there is more to say than its phase. */
  readonly note: string | undefined;
}

/** Legal moves of the server: starting → serving → draining → stopped, and starting → stopped. */
export type ServerPhase = "starting" | "serving" | "draining" | "stopped";

/** The state of the whole server: `ready` when it serves and all of its workers are ready. */
export interface ServerState {
  readonly phase: ServerPhase;
  readonly ready: boolean;
  readonly workers: readonly WorkerState[];
}

/** The answer of `/readyz`. */
export interface ReadinessReply {
  readonly status: 200 | 503;
  /** JSON-safe. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer of `/readyz`; `verbose` lists workers and models, `internals` adds process numbers, reasons and whole paths, which are for operators only. */
export function readinessReply(
  state: ServerState,
  show: { readonly verbose: boolean; readonly internals: boolean },
): ReadinessReply {
  const ready = state.workers.filter((worker) => worker.phase === "ready" && worker.note === undefined).length;
  const summary = { ready: state.ready, phase: state.phase, workersReady: ready, workersWanted: state.workers.length };
  const workers = state.workers.map((worker) => ({
    id: worker.id,
    ...(show.internals && worker.pid !== undefined ? { pid: worker.pid } : {}),
    phase: worker.phase,
    restarts: worker.restarts,
    ...(show.internals && worker.note !== undefined ? { note: worker.note } : {}),
    models: worker.models.map((model) => modelLine(model, show.internals)),
  }));
  return { status: state.ready ? 200 : 503, body: show.verbose ? { ...summary, workers } : summary };
}

function modelLine(model: ModelState, internals: boolean): Readonly<Record<string, unknown>> {
  return {
    // Of an absolute path the folders are nobody's business but the operator's.
    source: internals || !isAbsolute(model.source) ? model.source : basename(model.source),
    place: model.place,
    ...(model.p95Ms === undefined ? {} : { p95Ms: Number(model.p95Ms.toFixed(3)) }),
    ...(model.tuned === undefined ? {} : { tuned: model.tuned }),
    ...model.pool,
    ...(model.note === undefined ? {} : { note: model.note }),
    ...(internals && model.digest !== undefined ? { digest: model.digest } : {}),
    ...(internals && model.replacement !== undefined ? { replacement: model.replacement } : {}),
    ...(internals && model.warning !== undefined ? { warning: model.warning } : {}),
  };
}
