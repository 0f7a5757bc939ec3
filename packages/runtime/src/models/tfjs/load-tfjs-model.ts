import { basename, dirname } from "node:path";
import { ServingError } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import type { LoadedModel, ModelSpec, TensorInfo } from "../types.ts";
import { TFJS_NODE_VERSION } from "../tensorflow/native-library.ts";
import { isObject, listAt } from "./json-value.ts";
import type { ModelJson } from "./parse-model-json.ts";
import { MODEL_JSON, readModelJson, readWeights } from "./read-model-json.ts";
import { openGraph, openLayers, type OpenModel } from "./open-model.ts";
import { assertServable } from "./servable.ts";
import { loadTfjs, type Tfjs } from "./tfjs-library.ts";
import { fromTfjs, toTfjs } from "./tfjs-tensors.ts";

/**
 * Loads a GraphModel or LayersModel with TensorFlow.js; `spec.path` is that of its `model.json`.
 *
 * Throws FAILED_PRECONDITION, in one sentence, for a model that is damaged, lacks weights or can't be served, where TensorFlow.js is not installed, and for
 * what it refuses (an operation or layer that it does not know).
 */
export async function loadTfjsModel(spec: ModelSpec): Promise<LoadedModel> {
  const name = basename(spec.path) === MODEL_JSON ? basename(dirname(spec.path)) : basename(spec.path);
  const model = await readModelJson(spec.path);
  const { inputs, outputs } = assertServable(model.info);
  if (spec.signature !== undefined) throw noSignatures(spec.signature);
  const { tf, warning } = await loadTfjs(spec.path, `the TF.js model "${name}"`);
  const opened = await open(tf, model, spec.path).catch((cause: unknown) => {
    // A model is loaded before the server listens: this text reaches its operator, never a caller.
    const [reason = ""] = reasonOf(cause).split("\n");
    throw new ServingError(
      "FAILED_PRECONDITION",
      `TensorFlow.js ${TFJS_NODE_VERSION} can't load "${name}": ${reason}`,
      {
        cause,
      },
    );
  });
  const known = outputs.map((output, index) => withShape(output, opened.shapes?.[index]));
  const wanted = spec.outputs;
  const computed = wanted === undefined ? known : known.filter((output) => wanted.includes(output.name));
  const run = createRun(tf, opened, { inputs, computed });
  return {
    info: { inputs, outputs: known, leftOut: [], ...(warning === undefined ? {} : { warning }) },
    run: (feeds) => {
      const fail = (cause: unknown): never => {
        if (cause instanceof ServingError) throw cause;
        throw new ServingError("INTERNAL", `model "${name}" failed while it ran`, { cause });
      };
      try {
        const results = run(feeds);
        return results instanceof Promise ? results.catch(fail) : results;
      } catch (cause) {
        return fail(cause);
      }
    },
    dispose: async () => opened.dispose(),
  };
}

function noSignatures(signature: string): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `the signature "${signature}" was chosen, and a TF.js model has only one, without a name: leave the option "signature" out`,
  );
}

/** Opens a model in a scope, so that nothing stays when it is refused half-way. */
async function open(tf: Tfjs, { info, json, topology }: ModelJson, path: string): Promise<OpenModel> {
  const weightSpecs = (listAt(json, "weightsManifest") ?? []).flatMap((group) =>
    isObject(group) ? (listAt(group, "weights") ?? []) : [],
  );
  // The library keeps this object for as long as the model: what it was decoded from need not stay as well.
  const artifacts: Record<string, unknown> = {
    ...json,
    modelTopology: topology,
    weightSpecs,
    weightData: await readWeights(path, info),
  };
  delete artifacts["trainingConfig"];
  delete artifacts["weightsManifest"];
  const source = { load: async () => artifacts };
  const engine = tf.engine();
  engine.startScope();
  let kept: unknown;
  try {
    const opened =
      info.variant === "graph-model"
        ? openGraph(await tf.loadGraphModel(source))
        : openLayers(
            await tf.loadLayersModel(source),
            info.outputs.map(({ name }) => name),
          );
    kept = opened.weights;
    return opened;
  } finally {
    engine.endScope(kept);
    delete artifacts["weightData"];
  }
}

function withShape(output: TensorInfo, shape: TensorInfo["shape"] | undefined): TensorInfo {
  return shape === undefined ? output : { name: output.name, dtype: output.dtype, shape: [...shape] };
}

interface Signature {
  readonly inputs: readonly TensorInfo[];
  /** What a run computes, in this order. */
  readonly computed: readonly TensorInfo[];
}

/** Runs an opened model; all tensors that a run makes are gone when it ends, whether it ends well or not. */
function createRun(
  tf: Tfjs,
  opened: OpenModel,
  { inputs, computed }: Signature,
): (feeds: NamedTensors) => NamedTensors | Promise<NamedTensors> {
  const names = computed.map(({ name }) => name);
  const toHandles = (feeds: NamedTensors) =>
    inputs.map(({ name }) => {
      const tensor = feeds[name];
      if (tensor === undefined) throw new Error(`input "${name}" is missing`);
      return { name, handle: toTfjs(tf, name, tensor) };
    });
  const toResults = (handles: readonly Parameters<typeof fromTfjs>[0][]): NamedTensors =>
    Object.fromEntries(
      computed.map(({ name, dtype }, index): [string, Tensor] => {
        const handle = handles[index];
        if (handle === undefined) throw new Error(`output "${name}" is missing`);
        return [name, fromTfjs(handle, dtype)];
      }),
    );
  const engine = tf.engine();
  const runAtOnce = (feeds: NamedTensors): NamedTensors => {
    engine.startScope();
    try {
      return toResults(opened.run(toHandles(feeds), names));
    } finally {
      engine.endScope(opened.captured);
    }
  };
  const runLater = async (feeds: NamedTensors): Promise<NamedTensors> => {
    engine.startScope();
    try {
      return toResults(await opened.runLater(toHandles(feeds), names));
    } finally {
      engine.endScope(opened.captured);
    }
  };
  let mustWait = false;
  return (feeds) => {
    if (mustWait) return runLater(feeds);
    try {
      return runAtOnce(feeds);
    } catch (cause) {
      // Loops, tables and sizes that depend on values: which run needs them is not known before.
      mustWait = cause instanceof Error && cause.message.includes("executeAsync()");
      if (mustWait) return runLater(feeds);
      throw cause;
    }
  };
}
