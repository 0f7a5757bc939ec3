import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { OnnxValue } from "onnxruntime-node";
import { ServingError } from "../errors.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";
import { elementTypeOf } from "./onnx-file/element-type.ts";
import { assertServable, type OnnxFileInfo, readOnnxFile } from "./onnx-file/index.ts";
import { loadOnnxRuntime, type NativeSession, type NativeValue, turnTelemetryOff } from "./onnx-runtime.ts";
import { fromOnnxValue, toOnnxValue } from "./onnx-tensors.ts";
import type { LoadedModel, ModelEngine, ModelInfo, ModelSpec, TensorInfo } from "./types.ts";

/**
 * Runs ONNX models with ONNX Runtime for Node on the CPU.
 *
 * `load` throws FAILED_PRECONDITION for a file that is no ONNX model, that can't be served (bfloat16, inputs that are not tensors) or
 * that the engine refuses.
 */
export const onnxEngine: ModelEngine = { name: "onnx", prepare: turnTelemetryOff, load: loadOnnx };

async function loadOnnx(spec: ModelSpec): Promise<LoadedModel> {
  const file = await readOnnxFile(spec.path);
  if (spec.session.sharedWeights) await assertSharable(spec.path, file);
  const { leftOut } = assertServable(file);
  const createSession = await loadOnnxRuntime();
  const session = openSession(createSession(), spec);
  const info: ModelInfo = {
    inputs: session.inputMetadata.flatMap((value) => toTensorInfo(value, file.inputs)),
    outputs: session.outputMetadata.flatMap((value) => toTensorInfo(value, file.outputs)),
    leftOut,
  };
  // Asking for the tensors by name leaves out what is none: a ZipMap's maps would fail the run.
  const fetches = Object.fromEntries(
    (spec.outputs ?? info.outputs.map(({ name }) => name)).map((name) => [name, null]),
  );
  return {
    info,
    run: (feeds) => runSession(session, { feeds, fetches, path: spec.path }),
    dispose: async () => session.dispose(),
  };
}

/** Past this a model file that is larger than those beside it is more than its graph. */
const MAX_UNSHARED_BYTES = 1024 * 1024;

/** Throws FAILED_PRECONDITION for a model most of whose weights lie in the model file itself: the engine copies those, as often as the model is loaded. */
async function assertSharable(path: string, { externalData }: OnnxFileInfo): Promise<void> {
  const { size } = await stat(path);
  const beside = await Promise.all(externalData.map((file) => stat(join(dirname(path), file))));
  const sharedBytes = beside.reduce((sum, file) => sum + file.size, 0);
  if (size <= Math.max(MAX_UNSHARED_BYTES, sharedBytes)) return;
  const name = basename(path);
  throw new ServingError(
    "FAILED_PRECONDITION",
    `sharedWeights: the ${(size / 1024 ** 2).toFixed(1)} MiB of "${name}" hold its weights, only those in a file beside the model can be shared. Convert it ` +
      `with Python: onnx.save_model(onnx.load("${name}"), "shared/${name}", save_as_external_data=True, location="${name}.data"); or leave sharedWeights out`,
  );
}

function openSession(native: NativeSession, spec: ModelSpec): NativeSession {
  const { sharedWeights, ...session } = spec.session;
  try {
    native.loadModel(spec.path, {
      ...session,
      // Left alone, the engine sizes its pool by the host's CPUs, whatever the container may use.
      intraOpNumThreads: spec.threads,
      interOpNumThreads: 1,
      // It would write plain text to stderr; what fails is thrown anyway.
      logSeverityLevel: 4,
      ...(sharedWeights ? { extra: { session: { disable_prepacking: "1" } } } : {}),
    });
    return native;
  } catch (cause) {
    const name = basename(spec.path);
    // A model is loaded before the server listens: this text reaches its operator, never a caller.
    const reason = cause instanceof Error ? cause.message.replaceAll(spec.path, name) : String(cause);
    throw new ServingError("FAILED_PRECONDITION", `ONNX Runtime can't load "${name}": ${reason}`, { cause });
  }
}

/** Facts of the engine, which knows inferred types, joined with the file's, which tells a free rank from a scalar; nothing for what is no tensor. */
function toTensorInfo(value: NativeValue, declared: OnnxFileInfo["inputs"]): TensorInfo[] {
  const { dtype } = elementTypeOf(value.type);
  if (!value.isTensor || dtype === undefined) return [];
  const { name, symbolicDimensions } = value;
  const inFile = declared.find((candidate) => candidate.name === name);
  if (value.shape.length === 0 && inFile !== undefined && inFile.shape === undefined) {
    return [{ name, dtype, shape: [], anyRank: true }];
  }
  // Free sizes are -1, with a name beside them or an empty one.
  return [
    { name, dtype, shape: value.shape.map((size, axis) => (size >= 0 ? size : symbolicDimensions[axis] || null)) },
  ];
}

interface SessionRun {
  readonly feeds: NamedTensors;
  /** The outputs to compute, by name. */
  readonly fetches: Readonly<Record<string, null>>;
  readonly path: string;
}

function runSession(session: NativeSession, { feeds, fetches, path }: SessionRun): NamedTensors {
  const values: Record<string, OnnxValue> = {};
  for (const name of Object.keys(feeds)) {
    const tensor = feeds[name];
    if (tensor !== undefined) values[name] = toOnnxValue(name, tensor);
  }
  try {
    const results = session.run(values, fetches, {});
    const tensors: Record<string, Tensor> = {};
    for (const name of Object.keys(fetches)) {
      const value = results[name];
      if (value !== undefined) tensors[name] = fromOnnxValue(value);
    }
    return tensors;
  } catch (cause) {
    throw new ServingError("INTERNAL", `model "${basename(path)}" failed while it ran`, { cause });
  }
}
