import type { LoadedModel, ModelEngine, ModelSpec } from "../types.ts";
import { loadSavedModel } from "./load-saved-model.ts";

/** Runs TensorFlow models on the CPU: SavedModels with TensorFlow's own library. */
export const tensorFlowEngine: ModelEngine = { name: "tensorflow", prepare: setEnvironment, load };

function load(spec: ModelSpec): Promise<LoadedModel> {
  setEnvironment();
  return loadSavedModel(spec);
}

/**
 * What the library reads of the environment when it loads: on the main thread, since what a thread sets does not reach native code.
 *
 * Its log would stand as plain text among JSON lines, what fails is thrown anyway; and each session gets threads of its own number instead of
 * that of the first one in the process.
 */
function setEnvironment(): void {
  process.env["TF_CPP_MIN_LOG_LEVEL"] = "3";
  process.env["TF_OVERRIDE_GLOBAL_THREADPOOL"] = "1";
}
