import type { Traced } from "../call/call-trace.ts";
import type { Cancellation, CANCELLATION } from "../call/cancellation.ts";
import type { Bounded } from "../call/longest-call.ts";
import type { ServingError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import type { Executor } from "./executor.ts";
import type { ResolvedModelOptions } from "./handle-options.ts";
import type { TunedChoice } from "./tune/tune-file.ts";

/** One input or output of a model; a size is a number, a free dimension's name, or null. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string | null)[];
  /** Set when the model leaves the number of axes open as well; `shape` is then `[]` and says nothing. */
  readonly anyRank?: true;
}

/** Facts about a model that is loaded. */
export interface ModelInfo {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Outputs that are not tensors and are not computed, with the reason. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  /** What its operator must know of how it runs; the same text for all models that it is about. */
  readonly warning?: string;
}

/** Where a model's runs happen: in the worker's own turn of the loop, or on a thread beside it. */
export type RunPlace = "inline" | "thread";

/** The threads of a model now, and its queue. */
export interface PoolState {
  /** Threads that are open, each with the model loaded; 0 inline. */
  readonly threads: number;
  /** The most runs that have waited at once; inline, those of all inline models of the worker. */
  readonly longestQueue: number;
}

/** How a model is loaded; everything is decided, nothing optional. */
export interface ModelSpec {
  /** Absolute path of the model file or folder. */
  readonly path: string;
  /** Threads inside one run, ≥ 1. */
  readonly threads: number;
  /** Outputs to compute, in this order; undefined computes all of them. */
  readonly outputs: readonly string[] | undefined;
  readonly session: SessionChoices;
  /** The signature of a SavedModel that the author chose; undefined leaves it to the model. */
  readonly signature: string | undefined;
}

/** Choices of the ONNX engine, with its own names where it has one; the defaults are its own. */
export interface SessionChoices {
  readonly graphOptimizationLevel: "disabled" | "basic" | "extended" | "all";
  readonly enableCpuMemArena: boolean;
  readonly enableMemPattern: boolean;
  /** Whether weights in external files stay mapped, one copy for all workers, for up to twice the compute. */
  readonly sharedWeights: boolean;
}

/**
 * A model in memory, whatever engine runs it. `run` is called once at a time; feeds were checked against `info`.
 *
 * `run` may compute before it returns, and then gives its result without a promise: who calls it sees to it that the event loop gets its turns.
 * What it returns belongs to the caller. It throws INVALID_ARGUMENT for a feed that the engine can't carry, INTERNAL for all else.
 */
export interface LoadedModel {
  readonly info: ModelInfo;
  run(feeds: NamedTensors): NamedTensors | Promise<NamedTensors>;
  /** Frees native memory once no run is in progress. */
  dispose(): Promise<void>;
}

/** A model engine: one row of the engines table. */
export interface ModelEngine {
  readonly name: string;
  /**
   * Sets what the engine's native part reads from the process when it loads, for a worker with so many CPUs; on the main thread, since threads have an
   * environment of their own.
   */
  prepare(cpus: number): void;
  load(spec: ModelSpec): Promise<LoadedModel>;
}

/** What an author's method may say about one run. */
export interface RunOptions extends Traced, Bounded {
  /** Drops the run while it waits; one that has begun is finished. */
  readonly signal?: AbortSignal;
  /** What a call's context carries beside `signal`, so that no signal has to be made for a run that does not wait. */
  readonly [CANCELLATION]?: Cancellation | undefined;
  /**
   * Hands the feeds' memory over to the run: the caller does not look at them again. Saves one copy when a thread runs the model.
   *
   * Without it the feeds stay the caller's own and may be fed again.
   */
  readonly transferFeeds?: boolean;
  /**
   * When the run's call must be answered, in milliseconds since the epoch: one that goes on long after it counts as hung. Default: `server.requestTimeout` from its beginning, and the
   * time of the API where a call's context is passed, whose own deadline its caller may have set as short as they like.
   */
  readonly deadline?: number;
  /** For whose calls it is, as their context says it: calls of other APIs, whose models may have nothing to do, then don't wait for this one. */
  readonly api?: string;
}

/** What a service sees of its model: named tensors in, named tensors out. */
export interface ModelHandle {
  /** The source as the author wrote it. */
  readonly source: string;
  readonly engine: string;
  /**
   * Runs the model.
   *
   * Throws INVALID_ARGUMENT for a feed whose name, dtype or shape does not fit, with a message that lists what the model
   * expects; CANCELLED when `signal` aborts while the run waits (or the signal's reason, when that is a ServingError); UNAVAILABLE
   * when the thread that runs it died or the model is being drained; FAILED_PRECONDITION before the model is loaded.
   */
  run(feeds: NamedTensors, options?: RunOptions): Promise<NamedTensors>;
  /** Names, dtypes and shapes; throws FAILED_PRECONDITION before the model is loaded. */
  readonly info: ModelInfo;
}

/** The server's side of a handle: its life. Order: load → warmUp → run… → drain → dispose. */
export interface ManagedModel {
  readonly handle: ModelHandle;
  /** What its author chose. */
  readonly options: ResolvedModelOptions;
  load(host: ModelHost): Promise<void>;
  warmUp(): Promise<WarmUpReport>;
  /** Resolves when no run is in progress; no new one is taken. */
  drain(): Promise<void>;
  dispose(): Promise<void>;
  /** Opens it once more, beside itself, to be measured with other choices; who asks for it closes it. */
  open(host: ModelHost, choice: Pick<TunedChoice, "place" | "threads">): Promise<OpenedModel>;
  /** Where its runs happen; undefined unless it is loaded. */
  readonly place: RunPlace | undefined;
  /** How its threads fare; undefined for one that is not loaded. */
  readonly pool: PoolState | undefined;
  /** When the run that should have ended first should have, in milliseconds since the epoch; undefined while none is in progress on a thread. */
  readonly dueMs: number | undefined;
  /** Why it can't run at the moment, in words fit for a probe; undefined when it can. */
  readonly trouble: string | undefined;
  /** What was found for its source, known once loaded. */
  readonly file: ResolvedSource | undefined;
}

/** A model that runs, and the file that it was read from. */
export interface OpenedModel {
  readonly file: ResolvedSource;
  readonly executor: Executor;
}

/** A model's file on this machine. */
export interface ResolvedSource {
  readonly path: string;
  /** Of its content: "sha256:…". */
  readonly digest: string;
  /** The store tag or path that was used instead of the source; undefined when none was. */
  readonly replacement: string | undefined;
}

/** What the server tells a model when it loads it. */
export interface ModelHost {
  /** Folder against which relative sources are resolved: that of the service's entry. */
  readonly baseDir: string;
  /** Folder of the model store, for sources of the form `name:version`. */
  readonly storeDir: string;
  /** CPUs that fall to this worker, ≥ 1. */
  readonly cpus: number;
  /** CPUs of the whole server less what its other workers use now; those of this worker unless given. */
  readonly spareCpus?: () => number;
  /** Longest time of a call; runs without a deadline of their own are taken to have it. No limit unless given. */
  readonly requestTimeoutMs?: number;
  /** Digest that each source must have ("sha256:…"), from the bento; empty when served from source. */
  readonly digests: Readonly<Record<string, string>>;
  /** Absolute paths at which a bento holds its models, by source; a source that is not listed is looked for as it is written. */
  readonly modelPaths?: Readonly<Record<string, string>>;
  /** Store tags or absolute paths to use instead of sources, as the operator wants it; the bento's digests are not asked for them. */
  readonly replacements?: ReadonlyMap<string, string>;
  /** Digests of the models that the server started with, by source, for a worker that comes later: it must serve the same. */
  readonly startedWith?: Readonly<Record<string, string>>;
  /** What was measured to be best on this machine, by the model's digest; the author's own choices come first. */
  readonly tuned?: Readonly<Record<string, TunedChoice>>;
  /** Models that stand in for sources, in tests. */
  readonly fakes?: ReadonlyMap<string, LoadedModel>;
  /** Told the time of each run that was computed, its wait in the queue left out. */
  readonly onRun?: (run: { readonly source: string; readonly place: RunPlace; readonly ms: number }) => void;
  /** Told of each run whose call was over: dropped while it waited, or computed for nobody. */
  readonly onCancelled?: (run: {
    readonly source: string;
    readonly outcome: "dropped" | "wasted";
    readonly reason: unknown;
  }) => void;
  /** Told what went wrong outside of a call: the thread of a model ended, or could not be started again. For the log. */
  readonly onIncident?: (error: ServingError) => void;
}

/** What warming up showed. */
export interface WarmUpReport {
  readonly source: string;
  readonly place: RunPlace;
  /** What was taken from measurements instead of defaults; undefined where nothing was. */
  readonly tuned: Partial<TunedChoice> | undefined;
  readonly runs: number;
  /** 95th percentile of one run. */
  readonly p95Ms: number | undefined;
  /** What was run: `x: float32 [1,3,48,224]`; undefined when nothing was. */
  readonly sample: string | undefined;
  /** Why nothing was run, or what the sample may not show. */
  readonly note: string | undefined;
}
