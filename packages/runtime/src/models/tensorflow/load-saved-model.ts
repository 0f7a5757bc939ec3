import { basename, dirname } from "node:path";
import { ServingError } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import { chooseSignature } from "../saved-model/choose-signature.ts";
import { assertServable, readSavedModel, type ServableTensor } from "../saved-model/index.ts";
import type { LoadedModel, ModelSpec, TensorInfo } from "../types.ts";
import { loadTensorFlowC } from "./c-api.ts";
import { requireNativeTensorFlow } from "./native-library.ts";
import { openSession, type Session } from "./session.ts";

/**
 * Loads one signature of a SavedModel with TensorFlow's own library; `spec.path` is that of its `saved_model.pb`.
 *
 * Throws FAILED_PRECONDITION, in one sentence, for a SavedModel that is damaged, has no such signature or can't be served, when the native
 * TensorFlow is not installed, and for what TensorFlow refuses (an operation newer than the library, a variable without its value).
 */
export async function loadSavedModel(spec: ModelSpec): Promise<LoadedModel> {
  const dir = dirname(spec.path);
  const name = basename(dir);
  const saved = await readSavedModel(dir);
  const { inputs, outputs } = assertServable(chooseSignature(saved, spec.signature));
  const tf = loadTensorFlowC(requireNativeTensorFlow(process.env, `the SavedModel "${name}"`));
  const wanted = spec.outputs;
  const computed = wanted === undefined ? outputs : outputs.filter((output) => wanted.includes(output.name));
  let session: Session;
  try {
    session = openSession(tf, { dir, tags: saved.tags, inputs, outputs: computed, threads: spec.threads });
  } catch (cause) {
    // A model is loaded before the server listens: this text reaches its operator, never a caller. Behind its first line stands where in the graph.
    const [reason = ""] = reasonOf(cause).replaceAll(dir, name).split("\n");
    throw new ServingError("FAILED_PRECONDITION", `TensorFlow ${tf.Version()} can't load "${name}": ${reason}`, {
      cause,
    });
  }
  return {
    info: { inputs: inputs.map(toInfo), outputs: outputs.map(toInfo), leftOut: [] },
    run: (feeds) => {
      try {
        return session.run(feeds);
      } catch (cause) {
        throw new ServingError("INTERNAL", `model "${name}" failed while it ran`, { cause });
      }
    },
    dispose: async () => session.close(),
  };
}

function toInfo({ tensor: _inGraph, ...info }: ServableTensor): TensorInfo {
  return info;
}
