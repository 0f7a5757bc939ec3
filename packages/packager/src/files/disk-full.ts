import { ServingError } from "@bento-ts/runtime/definition";

/** Whether a system call failed since there is no space left, on the disk or for this user. */
export function isDiskFull(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}

/** What to say in the place of such a failure. */
export function diskFull(place: string, cause: unknown): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `there is no space left in ${place}: free some, or name another place (-o, BENTO_HOME)`,
    { cause },
  );
}
