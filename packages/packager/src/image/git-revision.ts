import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Project } from "../project.ts";

/**
 * The commit that a project is at: what makes an image traceable to its source. Undefined without git, outside of a repository, where the entry is not in it, and
 * where a file that git tracks differs, as then no commit is what is built.
 *
 * Only what git tracks below the project counts, as with `git describe --dirty`.
 */
export async function gitRevision({ dir, entryFile }: Pick<Project, "dir" | "entryFile">): Promise<string | undefined> {
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run("git", ["-C", dir, ...args], { timeout: TIMEOUT_MS });
    return stdout.trim();
  };
  try {
    await git("ls-files", "--error-unmatch", "--", entryFile);
    const changes = await git("status", "--porcelain", "--untracked-files=no", "--", ".");
    return changes === "" ? await git("rev-parse", "HEAD") : undefined;
  } catch {
    // No git or no repository is no fault of a build.
    return undefined;
  }
}

/** A repository on a share that does not answer must not hold the build. */
const TIMEOUT_MS = 10_000;

const run = promisify(execFile);
