import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";

export interface PackOptions {
  /** An empty folder. */
  readonly to: string;
  /** Folder whose .npmrc counts, beside the user's. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** `name@version` as registries have them: nothing that a command line could take for something else. */
const SPEC = /^(@[a-z0-9~][\w.~-]*\/)?[A-Za-z0-9~][\w.~-]*@\d[\w.+-]*$/;

/**
 * Lets npm download a package's tarball, as it is set up for registries, credentials, proxies and its own cache; no script runs.
 *
 * npm itself and no library for it: it is on every machine that has installed the project, and reads all places of its settings, which the library (with 80
 * packages) does not. Gives the file's name, or "unknown" when the registry doesn't have it. Throws FAILED_PRECONDITION when npm is missing or fails.
 */
export async function packWithNpm(spec: string, { to, cwd, env, signal }: PackOptions): Promise<string> {
  if (!SPEC.test(spec)) throw refused(`"${spec}" in the lockfile is no name and version of a registry's package`);
  const args = ["pack", spec, "--json", "--ignore-scripts", "--prefer-offline", "--pack-destination", to];
  const { exitCode, stdout } = await runNpm(args, { cwd, env: withoutWorkspaces(env), signal });
  const file = (await readdir(to)).find((name) => name.endsWith(".tgz"));
  if (exitCode === 0 && file !== undefined) return file;
  const { code, summary } = failureIn(stdout);
  if (code === "E404" || code === "ETARGET") return "unknown";
  throw refused(`npm can't fetch ${spec}${code === "" ? "" : ` (${code})`}: ${summary}`);
}

/** A script of one workspace that runs the build must not make npm pack that workspace. */
function withoutWorkspaces(env: PackOptions["env"]): PackOptions["env"] {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_config_(workspaces?|include_workspace_root)$/i.test(name)),
  );
}

interface NpmResult {
  readonly exitCode: number;
  readonly stdout: string;
}

async function runNpm(args: readonly string[], options: Omit<PackOptions, "to">): Promise<NpmResult> {
  options.signal.throwIfAborted();
  const child = spawn("npm", [...args], { ...options, stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(options.signal.aborted ? options.signal.reason : cannotStart(cause)));
    child.once("close", (exitCode) => {
      if (options.signal.aborted) reject(options.signal.reason);
      else resolve({ exitCode: exitCode ?? 1, stdout });
    });
  });
}

/** What npm says with `--json` of a failure. */
function failureIn(stdout: string): { readonly code: string; readonly summary: string } {
  try {
    const { error }: { readonly error?: { readonly code?: string; readonly summary?: string } } = JSON.parse(stdout);
    return { code: error?.code ?? "", summary: error?.summary ?? "it says nothing" };
  } catch {
    // Not every failure of npm comes in its own format.
    return { code: "", summary: "run the build with a working npm" };
  }
}

function cannotStart(cause: Error): ServingError {
  return refused(`npm is needed to fetch packages for another platform and can't be started: ${cause.message}`, cause);
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
