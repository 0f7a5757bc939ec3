import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { failed } from "../command-error.ts";

/** How a client of an engine ended. */
export interface EngineResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An engine that holds images and runs containers, by its client. */
export interface Engine {
  readonly name: "docker" | "podman";
  /** Runs `docker ARGS` to its end. Throws what the abort signal says. */
  run(args: readonly string[], signal?: AbortSignal): Promise<EngineResult>;
}

/** In the order in which they are tried. */
const NAMES = ["docker", "podman"] as const;

/** The first engine that answers. Throws CommandError that says of each why it does not. */
export async function findEngine(signal?: AbortSignal): Promise<Engine> {
  const reasons: string[] = [];
  for (const name of NAMES) {
    const run: Engine["run"] = (args, stop) => runClient(name, args, stop);
    const reason = await run(["version", "--format", "{{.Server.Version}}"], signal).then(
      ({ exitCode, stderr }) => (exitCode === 0 ? undefined : `${name}: ${lastLine(stderr)}`),
      (cause: unknown) => {
        signal?.throwIfAborted();
        return cause instanceof Error && "code" in cause && cause.code === "ENOENT"
          ? `${name} is not installed`
          : `${name}: ${cause instanceof Error ? cause.message : String(cause)}`;
      },
    );
    if (reason === undefined) return { name, run };
    reasons.push(reason);
  }
  throw failed(`no engine answers that could have images (${reasons.join("; ")})`);
}

/** The last line that says something. */
export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.trim() ?? "";
}

async function runClient(name: string, args: readonly string[], signal?: AbortSignal): Promise<EngineResult> {
  signal?.throwIfAborted();
  const child = spawn(name, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("close", (code) => resolve(code ?? 1));
  });
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]).catch(
    (cause: unknown) => {
      signal?.throwIfAborted();
      throw cause;
    },
  );
  return { exitCode, stdout, stderr };
}
