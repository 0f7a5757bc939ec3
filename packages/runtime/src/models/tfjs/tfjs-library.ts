import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import { ServingError } from "../../errors.ts";
import { chainOperations } from "./chain-operations.ts";
import { loadTensorFlowC } from "../tensorflow/c-api.ts";
import { WASM_COMMAND, WASM_PACKAGES } from "./wasm-packages.ts";
import { findNativeTensorFlow, INSTALL_COMMAND, TFJS_NODE_VERSION } from "../tensorflow/native-library.ts";

/** A tensor of TensorFlow.js; who makes one inside of a scope need not dispose of it. */
export interface TfjsTensorHandle {
  readonly dtype: string;
  readonly shape: readonly number[];
  dataSync(): unknown;
}

/** A GraphModel in memory. Source: tfjs-converter/src/executor/graph_model.ts. */
export interface GraphModel {
  /** Its weights by name. */
  readonly weights: Readonly<Record<string, readonly TfjsTensorHandle[]>>;
  /** Private there: nodes by name, those of functions as well; one whose operation is not known has no category. */
  readonly executor?: { readonly graph?: ParsedGraph };
  /** Private there: tables that its initialiser made in the first run. */
  readonly resourceIdToCapturedInput?: Readonly<Record<string, TfjsTensorHandle>>;
  execute(inputs: Record<string, TfjsTensorHandle>, outputs: string[]): TfjsTensorHandle | TfjsTensorHandle[];
  executeAsync(
    inputs: Record<string, TfjsTensorHandle>,
    outputs: string[],
  ): Promise<TfjsTensorHandle | TfjsTensorHandle[]>;
  dispose(): void;
}

/** What the library's executor works from. */
export interface ParsedGraph {
  readonly nodes: Readonly<Record<string, { readonly op: string; readonly category?: string }>>;
  readonly functions?: Readonly<Record<string, ParsedGraph>>;
}

/** A LayersModel in memory. Source: tfjs-layers/src/engine/training.ts. */
export interface LayersModel {
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  apply(inputs: TfjsTensorHandle[], options: { readonly training: false }): TfjsTensorHandle | TfjsTensorHandle[];
  dispose(): void;
}

/** Gives a model's JSON and weights to the library. Source: io.IOHandler and io.ModelArtifacts of tfjs-core. */
export interface ArtifactSource {
  load(): Promise<object>;
}

/** What is used of TensorFlow.js, whatever computes for it. */
export interface Tfjs {
  tensor(values: unknown, shape: readonly number[], dtype: string): TfjsTensorHandle;
  memory(): { readonly numTensors: number };
  /** Tensors that are made in a scope go with it, but for those in `kept`. It may stay open over waits, while nothing else makes tensors. */
  engine(): { startScope(): void; endScope(kept?: unknown): void };
  loadGraphModel(source: ArtifactSource): Promise<GraphModel>;
  loadLayersModel(source: ArtifactSource): Promise<LayersModel>;
}

/** TensorFlow.js with what computes for it. */
export interface TfjsLibrary {
  readonly tf: Tfjs;
  /** What its operator is to know; undefined where there is nothing. */
  readonly warning: string | undefined;
}

/** What is said once, however many models it is about. */
const WASM_WARNING = `TF.js models are computed by WebAssembly on one thread, since the native TensorFlow is not installed: larger networks of convolutions take about four times as long; run "${INSTALL_COMMAND}"`;

/**
 * Loads TensorFlow.js into this thread, once: with the native TensorFlow of this machine, else with WebAssembly by the project's own packages.
 *
 * `modelPath` tells the project where the runtime is installed elsewhere; `subject` says which model needs it: `the TF.js model "pitch"`. Throws
 * FAILED_PRECONDITION, with the commands that bring one or the other, where there is neither, and what is wrong with the one that is damaged.
 */
export async function loadTfjs(modelPath: string, subject: string): Promise<TfjsLibrary> {
  return (loaded ??= loadNative() ?? (await requireWasm([import.meta.url, modelPath], subject)));
}

let loaded: TfjsLibrary | undefined;

function loadNative(): TfjsLibrary | undefined {
  const native = findNativeTensorFlow(process.env);
  if (native === undefined) return undefined;
  // It keeps the library in memory when the thread that loaded it ends, as its own threads never do.
  const { Version } = loadTensorFlowC(native);
  // Gone from Node 23 on, or deprecated, and called with each operation.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  Object.assign(util, { isArray: Array.isArray });
  try {
    const tf = createRequire(join(native.addonDir, "package.json"))(native.addonDir) as Tfjs;
    return { tf, warning: undefined };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new ServingError(
      "FAILED_PRECONDITION",
      `tfjs-node in ${native.addonDir}, for TensorFlow ${Version()}, can't be loaded: ${reason}`,
      { cause },
    );
  }
}

/** What the packages export beside `Tfjs`. */
interface Backends {
  setBackend(name: string): Promise<boolean>;
}

/**
 * The packages that compute in WebAssembly, as the first of some places finds them.
 *
 * Throws FAILED_PRECONDITION, with the commands that bring TensorFlow.js, where none does.
 */
export async function requireWasm(places: readonly string[], subject: string): Promise<TfjsLibrary> {
  const others: string[] = [];
  for (const place of places) {
    const require = createRequire(place);
    const versions = WASM_PACKAGES.map((name) => versionOf(require, name));
    if (!versions.every((version) => version === TFJS_NODE_VERSION)) {
      others.push(
        ...versions.flatMap((version, at) => (version === undefined ? [] : [`${WASM_PACKAGES[at]} ${version}`])),
      );
      continue;
    }
    const tf = Object.assign({}, ...WASM_PACKAGES.toReversed().map((name) => require(name))) as Tfjs & Backends;
    chainOperations(tf);
    await tf.setBackend("wasm");
    return { tf, warning: WASM_WARNING };
  }
  const found = others.length === 0 ? "" : ` (found ${[...new Set(others)].join(", ")})`;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `${subject} needs the native TensorFlow, or TensorFlow.js ${TFJS_NODE_VERSION} in the project${found}: run "${INSTALL_COMMAND}", or "${WASM_COMMAND}"`,
  );
}

function versionOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    const { version } = require(`${name}/package.json`) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    // Not installed: others may be, or it is at another place.
    return undefined;
  }
}
