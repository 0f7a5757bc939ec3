export { DATA_TYPES } from "./data-type.ts";
export { parseSavedModel } from "./parse-saved-model.ts";
export { readSavedModel, SAVED_MODEL_FILE } from "./read-saved-model.ts";
export { assertServable, chooseSignature, type ServableTensor } from "./servable-signature.ts";
export type { SavedModelInfo, SavedModelSignature, SignatureTensor } from "./types.ts";
