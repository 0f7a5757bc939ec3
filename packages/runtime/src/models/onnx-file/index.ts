export { assertServable, type LeftOutOutput } from "./assert-servable.ts";
export { parseOnnxFile } from "./parse-onnx-file.ts";
export { readOnnxFile } from "./read-onnx-file.ts";
export type { OnnxFileInfo, OnnxValueInfo } from "./types.ts";
