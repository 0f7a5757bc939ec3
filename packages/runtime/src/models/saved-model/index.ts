export { DATA_TYPES, dataTypeNamed } from "./data-type.ts";
export { readSavedModel, SAVED_MODEL_FILE, savedModelFiles } from "./read-saved-model.ts";
export { assertServable, type ServableTensor } from "./servable-signature.ts";
export type { SavedModelInfo, SavedModelSignature, SignatureTensor } from "./types.ts";
