import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";

/** The parts of an author's class that the server runs by itself. */
export type Hook = "constructor" | "onInit" | "onShutdown";

/** The error of a hook that threw: it names hook and service and keeps the code of a ServingError. */
export function hookFailure(service: string, hook: Hook, thrown: unknown): ServingError {
  const known = thrown instanceof ServingError ? thrown : undefined;
  return new ServingError(
    known?.code ?? "FAILED_PRECONDITION",
    `${hook} of service "${service}" failed: ${reasonOf(thrown)}`,
    { cause: thrown, details: known?.details ?? {} },
  );
}
