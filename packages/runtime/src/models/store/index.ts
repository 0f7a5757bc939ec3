export type { ImportedArchive } from "./import-archive.ts";
export type { ImportOptions } from "./import-model.ts";
export { modelStoreDir } from "./layout.ts";
export type { ModelManifest, StoredFile } from "./manifest.ts";
export { createModelStore, type DeletedModel, type ModelStore, type StoredModel } from "./model-store.ts";
export { saveModel, type SaveModelOptions } from "./save-model.ts";
export { isTag } from "./tag.ts";
export type { CopyOptions, CopyProgress } from "./write-hashed.ts";
