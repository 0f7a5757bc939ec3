import { realpath, stat } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { isNeverTaken } from "./files/ignore-rules.ts";
import { pathInProject, type Project } from "./project.ts";

/**
 * A file that the author names for a bento, by an absolute path: its path in the project, and where its bytes lie. `what` is for the message.
 *
 * Throws FAILED_PRECONDITION for one outside of the project and for a secret, also where a symbolic link leads to them; and for what is no file, such as a pipe, which
 * would be waited for without end.
 */
export async function namedFile(
  project: Project,
  file: string,
  what: string,
): Promise<{ readonly path: string; readonly real: string }> {
  const path = takeable(project, file, what);
  const real = await realpath(file).catch((cause: unknown) => {
    throw refused(`${what} can't be read`, cause);
  });
  takeable({ dir: await realpath(project.dir) }, real, what);
  if (!(await stat(real)).isFile()) throw refused(`${what} is no file`);
  return { path, real };
}

function takeable(project: Pick<Project, "dir">, file: string, what: string): string {
  const path = pathInProject(project, file);
  if (path === undefined) throw refused(`${what} lies outside of the project`);
  if (isNeverTaken(path)) throw refused(`${what} has the name of a secret, which no image may hold`);
  return path;
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
