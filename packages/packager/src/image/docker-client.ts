import { spawn } from "node:child_process";
import { ServingError } from "@bento-ts/runtime/definition";

/** How the docker client is run. */
export interface ClientOptions {
  /** Variables of the process; DOCKER_HOST among them names the engine. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told each line that the client writes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface ClientResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Both streams, as they came; the end of a long text. */
  readonly output: string;
}

/** Longest text kept of what a client writes, in characters: the reason of a failure stands at its end. */
const MAX_OUTPUT = 64 * 1024;

/** Runs `docker ARGS` to its end. Throws FAILED_PRECONDITION when there is no client, the abort reason when it was ended. */
export async function runDocker(args: readonly string[], options: ClientOptions): Promise<ClientResult> {
  const { env, signal, onLine } = options;
  signal.throwIfAborted();
  const child = spawn("docker", [...args], { env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let output = "";
  let line = "";
  const take = (text: string): void => {
    output = (output + text).slice(-MAX_OUTPUT);
    const lines = (line + text).split("\n");
    line = lines.pop() ?? "";
    for (const whole of lines) tell(whole, onLine);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT);
    take(text);
  });
  child.stderr.setEncoding("utf8").on("data", take);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(signal.aborted ? signal.reason : cannotStart(cause)));
    child.once("close", (exitCode) => {
      tell(line, onLine);
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode: exitCode ?? 1, stdout, output });
    });
  });
}

/** A line that was written over itself counts as what it shows at its end. */
function tell(line: string, onLine: ClientOptions["onLine"]): void {
  const shown = line.split("\r").findLast((part) => part.trim() !== "");
  if (shown !== undefined) onLine?.(shown.trimEnd());
}

function cannotStart(cause: Error): ServingError {
  const isMissing = "code" in cause && cause.code === "ENOENT";
  return new ServingError(
    "FAILED_PRECONDITION",
    isMissing
      ? 'there is no docker client on this machine: install Docker, or build the bento alone with "--no-image"'
      : `the docker client can't be started: ${cause.message}`,
    { cause },
  );
}
