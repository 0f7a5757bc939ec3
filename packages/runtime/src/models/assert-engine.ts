import { ServingError } from "../errors.ts";
import type { EngineName } from "./engines.ts";
import { FORMATS, formatOf } from "./model-format.ts";

/** Throws FAILED_PRECONDITION when the file is of a format that another engine runs. */
export function assertEngine(
  { engine, source }: { readonly engine: EngineName; readonly source: string },
  path: string,
): void {
  const format = FORMATS[formatOf(path)];
  if (format.engine === engine) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `model "${source}" is ${/^[AEIO]/.test(format.title) ? "an" : "a"} ${format.title}: make its handle with ${format.engine}(), not ${engine}()`,
  );
}
