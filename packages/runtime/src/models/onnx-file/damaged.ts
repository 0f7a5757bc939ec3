import { ServingError } from "../../errors.ts";

/** The error for bytes that break the rules of protobuf or of ONNX: what was expected, what came, at which byte of the file. */
export function damagedModel(byteOffset: number, problem: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `not a readable ONNX model: at byte ${byteOffset}: ${problem}`, {
    details: { byteOffset },
  });
}
