import { modelStoreDir } from "./layout.ts";
import { createModelStore, type StoredModel } from "./model-store.ts";

export interface SaveModelOptions {
  /** What to remember of the model: texts by name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Folder of the store. Default: `$BENTO_HOME/models`, `~/.bento-ts/models` unless that is set. */
  readonly storeDir?: string;
}

/**
 * Saves an ONNX model in the local model store under a tag `name:version`, from a file, a folder or bytes; `onnx("name:version")` finds it there.
 *
 * Saving the same content again is no error. Throws INVALID_ARGUMENT for a tag of another form, NOT_FOUND for a missing file, FAILED_PRECONDITION for what
 * is no readable model and for a tag that holds another one.
 */
export async function saveModel(
  tag: string,
  model: string | Uint8Array,
  options: SaveModelOptions = {},
): Promise<StoredModel> {
  const { metadata = {}, storeDir = modelStoreDir() } = options;
  return createModelStore(storeDir).import(tag, model, { metadata });
}
