export { MODEL_JSON, readTfjsModel, weightFiles } from "./read-model-json.ts";
export { assertServable } from "./servable.ts";
export type { TfjsInfo } from "./types.ts";
