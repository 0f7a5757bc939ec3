import { ServingError } from "./errors.ts";

const HINTS: Readonly<Partial<Record<string, string>>> = {
  EADDRINUSE: "another process has it; choose another port or end that process",
  EACCES: "the system reserves it; choose a port above 1023",
  EADDRNOTAVAIL: "this machine has no such address; choose one of its own, such as 127.0.0.1 or 0.0.0.0",
  ENOTFOUND: "this name has no address; choose an address of this machine, such as 127.0.0.1 or 0.0.0.0",
};

/** The FAILED_PRECONDITION of a port that can't be opened: which one, why, and what to do. */
export function toListenError(
  wanted: { readonly host: string; readonly port: number },
  cause: NodeJS.ErrnoException,
): ServingError {
  const why = HINTS[cause.code ?? ""] ?? cause.message;
  return new ServingError("FAILED_PRECONDITION", `can't listen on ${wanted.host} port ${wanted.port}: ${why}`, {
    cause,
  });
}
