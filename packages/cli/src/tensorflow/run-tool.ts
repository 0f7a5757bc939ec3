import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { failed } from "../command-error.ts";

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

const execFilePromise = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program of this machine and gives what it printed; undefined when there is none of this name. Throws CommandError with its last words when it fails. */
export async function runTool(
  name: string,
  args: readonly string[],
  { cwd, env, signal }: ToolOptions,
): Promise<string | undefined> {
  try {
    const { stdout } = await execFilePromise(name, args, { cwd, env, signal, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw failed(`${name} failed: ${lastWords(cause)}`, cause);
  }
}

/** The line that says most: the first that speaks of an error, else the last. */
function lastWords(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : "";
  const lines = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const told = lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1);
  return (told ?? (cause instanceof Error ? cause.message : String(cause))).slice(0, 500);
}
