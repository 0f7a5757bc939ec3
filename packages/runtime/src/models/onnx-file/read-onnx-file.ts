import { basename } from "node:path";
import { readModelFile } from "../wire/read-model-file.ts";
import { ONNX_FORMAT } from "./format.ts";
import { parseOnnxSource } from "./parse-onnx-file.ts";
import type { OnnxFileInfo } from "./types.ts";

/**
 * As `parseOnnxFile`, for a file that is read where it lies.
 *
 * Throws NOT_FOUND when there is no such file, FAILED_PRECONDITION when it is no readable ONNX model.
 */
export function readOnnxFile(path: string): Promise<OnnxFileInfo> {
  return readModelFile(path, {
    name: ONNX_FORMAT,
    tooLargeAdvice: "export with external data instead",
    shown: (file) => basename(file),
    parse: parseOnnxSource,
  });
}
