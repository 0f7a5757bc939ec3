import { ServingError } from "../../errors.ts";

/** The error for bytes that break the rules of protobuf or of their format: what was expected, what came, at which byte of the file. `format` as in `WireSource`. */
export function damagedModel(format: string, byteOffset: number, problem: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `not a readable ${format}: at byte ${byteOffset}: ${problem}`, {
    details: { byteOffset },
  });
}
