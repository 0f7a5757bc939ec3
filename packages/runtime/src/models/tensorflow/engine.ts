import { formatOf } from "../model-format.ts";
import { loadTfjsModel } from "../tfjs/load-tfjs-model.ts";
import type { LoadedModel, ModelEngine, ModelSpec } from "../types.ts";
import { loadSavedModel } from "./load-saved-model.ts";

/** Runs TensorFlow models on the CPU: SavedModels with TensorFlow's own library, TF.js models with TensorFlow.js on top of it or in WebAssembly. */
export const tensorFlowEngine: ModelEngine = { name: "tensorflow", prepare, load };

function load(spec: ModelSpec): Promise<LoadedModel> {
  prepare(1);
  return formatOf(spec.path) === "tfjs" ? loadTfjsModel(spec) : loadSavedModel(spec);
}

/**
 * What the library reads of the environment when it loads: on the main thread, since what a thread sets does not reach native code.
 *
 * Its log would stand as plain text among JSON lines, what fails is thrown anyway; and each session gets threads of its own number instead of
 * that of the first one in the process. TF.js models share one pool, which left alone has a thread for each CPU of the host.
 */
function prepare(cpus: number): void {
  process.env["TF_CPP_MIN_LOG_LEVEL"] = "3";
  process.env["TF_OVERRIDE_GLOBAL_THREADPOOL"] = "1";
  process.env["TF_NUM_INTRAOP_THREADS"] ??= String(cpus);
  process.env["TF_NUM_INTEROP_THREADS"] ??= "1";
  // Left alone it depends on the CPU. On a network of convolutions it takes 20 % less time and comes as close to ONNX Runtime as 5e-7, against 1e-3.
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
}
