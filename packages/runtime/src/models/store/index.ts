export { findServableModels, type ServableModel } from "../servable-models.ts";
export {
  inspectModel,
  type InspectedModel,
  type InspectedOnnx,
  type InspectedSavedModel,
  type InspectedTfjs,
} from "../inspect-model.ts";
export type { LeftOutOutput, OnnxValueInfo } from "../onnx-file/index.ts";
export type { SavedModelSignature, SignatureTensor } from "../saved-model/index.ts";
export { isMainOfFolder } from "../model-format.ts";
export type { ImportedArchive } from "./import-archive.ts";
export type { ImportOptions } from "./import-model.ts";
export { modelStoreDir } from "./layout.ts";
export type { ModelManifest, StoredFile } from "./manifest.ts";
export { createModelStore, type DeletedModel, type ModelStore, type StoredModel } from "./model-store.ts";
export { saveModel, type SaveModelOptions } from "./save-model.ts";
export { isTag, type ModelTag, parseTag } from "./tag.ts";
export { readTuneFile, TUNE_FILE, type TunedModel, type TuneFile, type TuneMeasurement } from "../tune/tune-file.ts";
export { writeTuneFile } from "../tune/write-tune-file.ts";
export type { CopyOptions, CopyProgress } from "./write-hashed.ts";
