import { ServingError } from "@bento-ts/runtime/definition";

/** Whether a system call failed since there is no space left, on the disk or for this user. */
export function isDiskFull(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}

/** What to say in the place of such a failure. */
export function diskFull(place: string, cause: unknown): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `there is no space left where the bento is made, ${place}: free some, or name another place with -o`,
    { cause },
  );
}
