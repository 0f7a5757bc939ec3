import { basename } from "node:path";
import { TRACE } from "../call/call-trace.ts";
import { type Cancellation, cancellationOf } from "../call/cancellation.ts";
import { ServingError, toServingError } from "../errors.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import { assertDeclared } from "./assert-declared.ts";
import { assertEngine } from "./assert-engine.ts";
import { ENGINES, type EngineName } from "./engines.ts";
import { createInlineExecutor, type Executor } from "./executor.ts";
import { assertFeeds } from "./feeds.ts";
import type { ResolvedModelOptions } from "./handle-options.ts";
import { startInferencePool } from "./inference-pool.ts";
import { runBacklog } from "./run-backlog.ts";
import { resolveSource } from "./source.ts";
import { roomFor, threadsFor } from "./threads.ts";
import type { TunedChoice } from "./tune/tune-file.ts";
import type {
  ManagedModel,
  ModelHandle,
  ModelHost,
  ModelInfo,
  ModelSpec,
  OpenedModel,
  PoolState,
  ResolvedSource,
  RunOptions,
  RunPlace,
  WarmUpReport,
} from "./types.ts";
import { measureRuns, SLOW_RUN_MS } from "./warm-up.ts";

/** What an author asked for. */
export interface ModelRequest {
  readonly engine: EngineName;
  readonly source: string;
  readonly options: ResolvedModelOptions;
}

/** Makes a model that is yet to be loaded, with its handle. `now` gives monotonic milliseconds, by which warming up measures. */
export function createManagedModel(
  request: ModelRequest,
  { now = () => performance.now() }: { readonly now?: () => number } = {},
): ManagedModel {
  return new Model(request, now);
}

// A thread ends through a defect; the wait keeps one that ends at once from taking a CPU with loading.
const RESTART = { firstDelayMs: 100, maxDelayMs: 10_000 } as const;
// Some of a caller's pauses long: loading the model again costs more than the memory for that time.
const IDLE_MS = 30_000;
// Others wait meanwhile; but a run that is only slower than its callers wish must not have the model loaded again for each of them.
const LATE_MS = 1_000;

/** Loaded state of a model. */
interface Loaded {
  readonly host: ModelHost;
  readonly file: ResolvedSource;
  readonly executor: Executor;
  /** What of the measurements is in force. */
  readonly tuned: Partial<TunedChoice> | undefined;
}

/** Legal moves: new → loaded → drained → disposed; a model that was never loaded may be drained and disposed as well. */
class Model implements ManagedModel {
  readonly handle: ModelHandle;
  readonly #request: ModelRequest;
  readonly #now: () => number;
  #loaded: Loaded | undefined;
  #draining = false;
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(request: ModelRequest, now: () => number) {
    this.#request = request;
    this.#now = now;
    const infoOf = (): ModelInfo => this.#ready().executor.info;
    this.handle = {
      source: request.source,
      engine: request.engine,
      run: (feeds, options) => this.#run(feeds, options),
      get info() {
        return infoOf();
      },
    };
  }

  get options(): ResolvedModelOptions {
    return this.#request.options;
  }

  get place(): RunPlace | undefined {
    return this.#loaded?.executor.place;
  }

  get pool(): PoolState | undefined {
    return this.#loaded?.executor.pool;
  }

  get dueMs(): number | undefined {
    return this.#loaded?.executor.dueMs;
  }

  get trouble(): string | undefined {
    return this.#loaded?.executor.trouble;
  }

  get file(): ResolvedSource | undefined {
    return this.#loaded?.file;
  }

  async load(host: ModelHost): Promise<void> {
    const { source, options } = this.#request;
    if (this.#loaded !== undefined || this.#draining) {
      throw new ServingError("FAILED_PRECONDITION", `model "${source}" was loaded before; each handle is loaded once`);
    }
    const fake = host.fakes?.get(source);
    if (fake !== undefined) {
      this.#loaded = {
        host,
        file: { path: source, digest: "none", replacement: undefined },
        executor: createInlineExecutor(fake),
        tuned: undefined,
      };
      return;
    }
    const file = await this.#resolve(host);
    const tuned = chosenByMeasuring(options, host.tuned, file.digest);
    const place = options.run === "auto" ? (tuned?.place ?? "inline") : options.run;
    const executor = await this.#open(place, { host, file, threads: tuned?.threads });
    try {
      assertDeclared(source, executor.info, options);
    } catch (cause) {
      await executor.close();
      throw cause;
    }
    this.#loaded = { host, file, executor, tuned };
  }

  async open(host: ModelHost, { place, threads }: Pick<TunedChoice, "place" | "threads">): Promise<OpenedModel> {
    const file = await this.#resolve(host);
    return { file, executor: await this.#open(place, { host, file, threads }) };
  }

  async warmUp(): Promise<WarmUpReport> {
    const { source, options } = this.#request;
    const { executor, host, tuned } = this.#ready();
    const { warmup } = options;
    const isFree = options.run === "auto" && tuned?.place === undefined;
    if (host.fakes?.has(source) === true) {
      return { source, place: "inline", tuned, runs: 0, p95Ms: undefined, sample: undefined, note: "a fake model" };
    }
    if (warmup === false) {
      if (isFree) await this.#moveToThread();
      return {
        source,
        place: this.place ?? executor.place,
        tuned,
        runs: 0,
        p95Ms: undefined,
        sample: undefined,
        note: "warm-up is off",
      };
    }
    const target = { info: executor.info, run: (feeds: NamedTensors) => executor.run(feeds, {}) };
    const { runs, p95Ms, sample, note } = await measureRuns(target, { shapes: warmup, now: this.#now });
    if (isFree && (p95Ms === undefined || p95Ms > SLOW_RUN_MS)) {
      await this.#moveToThread();
      // The first run of a session allocates: not on a caller's time.
      if (sample !== undefined) await this.#ready().executor.run(sample.feeds, {});
    }
    return { source, place: this.place ?? executor.place, tuned, runs, p95Ms, sample: sample?.text, note };
  }

  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async dispose(): Promise<void> {
    await this.drain();
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.executor.close();
  }

  async #run(feeds: NamedTensors, options: RunOptions = {}): Promise<NamedTensors> {
    const { executor, host } = this.#ready();
    assertFeeds(executor.info.inputs, feeds);
    const { source } = this.#request;
    const signal = cancellationOf(options);
    const trace = options[TRACE];
    const onDone = (ms: number): void => {
      const run = { source, place: executor.place, ms };
      host.onRun?.(run);
      trace?.ran(run);
      if (signal?.aborted === true) host.onCancelled?.({ source, outcome: "wasted", reason: signal.reason });
    };
    runBacklog.uses(options.api, executor.line);
    this.#running += 1;
    try {
      return await executor.run(feeds, options, onDone);
    } catch (cause) {
      if (wasDropped(cause, signal)) host.onCancelled?.({ source, outcome: "dropped", reason: signal?.reason });
      throw cause;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  #ready(): Loaded {
    // Callers read these messages: they name the model without its folder.
    const name = basename(this.#request.source);
    if (this.#draining)
      throw new ServingError("UNAVAILABLE", `model "${name}" is shutting down`, { retryAfterSeconds: 1 });
    if (this.#loaded !== undefined) return this.#loaded;
    throw new ServingError(
      "FAILED_PRECONDITION",
      `model "${name}" is not loaded: the server loads it before it is ready; make its handle in a field of the service's class, and run it in API methods or onInit`,
    );
  }

  async #moveToThread(): Promise<void> {
    const { executor, ...loaded } = this.#ready();
    this.#loaded = { ...loaded, executor: await this.#open("thread", { ...loaded, threads: loaded.tuned?.threads }) };
    await executor.close();
  }

  async #resolve(host: ModelHost): Promise<ResolvedSource> {
    const file = await resolveSource(this.#request.source, host);
    assertEngine(this.#request, file.path);
    return file;
  }

  async #open(
    place: RunPlace,
    opening: { readonly host: ModelHost; readonly file: ResolvedSource; readonly threads: number | undefined },
  ): Promise<Executor> {
    const { engine, source, options } = this.#request;
    const { host, file } = opening;
    const { outputs, session, signature } = options;
    const threads = threadsFor(place, host.cpus, options.threads ?? opening.threads);
    const spec: ModelSpec = {
      path: file.path,
      threads,
      outputs: outputs === undefined ? undefined : Object.keys(outputs),
      session,
      signature,
    };
    try {
      // Before anything is loaded, also for a model that may move to a thread later: what the native part reads it reads once.
      ENGINES[engine].prepare(Math.max(1, Math.floor(host.cpus)));
      if (place === "inline") return createInlineExecutor(await ENGINES[engine].load(spec));
      const onIncident = (error: ServingError): void => host.onIncident?.(inModel(source, error));
      // A new thread reads the files anew, and they may have been replaced since.
      const beforeOpening = async (): Promise<void> => {
        await resolveSource(source, { ...host, startedWith: { [source]: file.digest } });
      };
      const { cpus, spareCpus = (): number => cpus } = host;
      const room = (): number => roomFor({ threadsOfRun: threads, cpus, spareCpus: spareCpus(), chosen: options.pool });
      const { requestTimeoutMs: longestCallMs = Infinity } = host;
      const pool = { ...RESTART, idleMs: IDLE_MS, lateMs: LATE_MS, room, longestCallMs, beforeOpening, onIncident };
      return await startInferencePool({ engine, spec }, pool);
    } catch (cause) {
      throw inModel(source, toServingError(cause));
    }
  }
}

/** Of what was measured for a model what its author has left open. */
function chosenByMeasuring(
  { run, threads }: ResolvedModelOptions,
  measured: ModelHost["tuned"] = {},
  digest: string,
): Partial<TunedChoice> | undefined {
  const choice = Object.hasOwn(measured, digest) ? measured[digest] : undefined;
  if (choice === undefined) return undefined;
  return {
    ...(run === "auto" ? { place: choice.place } : {}),
    ...(threads === undefined ? { threads: choice.threads } : {}),
    batch: choice.batch,
  };
}

/** Whether a run ended with the error of its cancellation, and not with one of its own. */
function wasDropped(cause: unknown, signal: Cancellation | undefined): boolean {
  if (signal?.aborted !== true) return false;
  return cause === signal.reason || (cause instanceof ServingError && cause.code === "CANCELLED");
}

function inModel(source: string, error: ServingError): ServingError {
  return new ServingError(error.code, `model "${source}": ${error.message}`, {
    problems: error.problems,
    details: error.details,
    cause: error.cause ?? error,
  });
}
