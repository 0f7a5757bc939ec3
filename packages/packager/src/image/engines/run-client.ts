import { spawn } from "node:child_process";
import { ServingError } from "@bento-ts/runtime/definition";
import type { EngineName } from "./engine.ts";

/** How an engine's client is run. */
export interface ClientOptions {
  /** Variables of the process: engines are set up by those of their own, such as DOCKER_HOST or STORAGE_DRIVER. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told each line that the client writes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface ClientResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Lines of both streams, as they came; the end of a long text. */
  readonly output: string;
}

/** Longest text kept of what a client writes, in characters: the reason of a failure stands at its end. */
const MAX_OUTPUT = 64 * 1024;

/** Runs `PROGRAM ARGS` to its end. Throws FAILED_PRECONDITION when there is no such program, the abort reason when it was ended. */
export async function runClient(
  program: EngineName,
  args: readonly string[],
  options: ClientOptions,
): Promise<ClientResult> {
  const { env, signal, onLine } = options;
  signal.throwIfAborted();
  const child = spawn(program, [...args], { env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let output = "";
  const onWhole = (line: string): void => {
    output = `${output}${line}\n`.slice(-MAX_OUTPUT);
    onLine?.(line);
  };
  // One for each stream: what they write comes in pieces, and a piece of one must not stand inside a line of the other.
  const out = createTeller(onWhole);
  const err = createTeller(onWhole);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT);
    out.take(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => err.take(text));
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(signal.aborted ? signal.reason : cannotStart(program, cause)));
    child.once("close", (exitCode) => {
      out.end();
      err.end();
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode: exitCode ?? 1, stdout, output });
    });
  });
}

/** Tells whole lines; one that was written over itself counts as what it shows at its end. */
function createTeller(onLine: (line: string) => void): { take(text: string): void; end(): void } {
  let rest = "";
  const tell = (line: string): void => {
    const shown = line.split("\r").findLast((part) => part.trim() !== "");
    if (shown !== undefined) onLine(shown.trimEnd());
  };
  return {
    take(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) tell(line);
    },
    end: () => tell(rest),
  };
}

function cannotStart(program: EngineName, cause: Error): ServingError {
  const isMissing = "code" in cause && cause.code === "ENOENT";
  return new ServingError(
    "FAILED_PRECONDITION",
    isMissing
      ? `there is no ${program} client on this machine: install it, or use --builder oci, which needs no engine`
      : `the ${program} client can't be started: ${cause.message}`,
    { cause },
  );
}
