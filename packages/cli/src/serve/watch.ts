import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, relative, resolve } from "node:path";
import { createPaint } from "../output.ts";
import type { Target } from "../target/find-target.ts";
import { runOwnCommand } from "./own-process.ts";
import { watchFiles } from "./watch-files.ts";

/** A server that is told to stop in favour of its successor and has not by then is ended at once. */
const PATIENCE_MS = 3_000;

/**
 * Serves in a process of its own and starts it anew whenever a file of the project changes; a start that fails shows its error and waits for the next
 * change. Ends with the exit code of the last server when it is told to stop.
 */
export async function serveAndWatch(
  target: Target,
  options: { readonly configFile: string | undefined },
): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`${createPaint(process.stderr).dim(text)}\n`);
  const changes = watchFiles(placesOf(target, options.configFile));
  await changes.ready;
  let child = startServer();
  let stopping = false;
  const stop = (): void => {
    stopping = true;
    changes.close();
    child.kill("SIGTERM");
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  say(`watching ${relative(process.cwd(), target.projectDir) || "."} for changes`);
  child.once("exit", (code) => sayEnded(say, code));
  for await (const changed of changes) {
    const others = changed.length > 1 ? ` and ${changed.length - 1} more` : "";
    say(`${relative(process.cwd(), changed[0] ?? "")}${others} changed, starting anew`);
    await endServer(child);
    if (stopping) break;
    child = startServer();
    child.once("exit", (code) => stopping || sayEnded(say, code));
  }
  if (isRunning(child)) await once(child, "exit");
  process.exitCode = child.exitCode ?? 1;
}

function sayEnded(say: (text: string) => void, code: number | null): void {
  if (code !== null && code !== 0) say("not running; waiting for a change");
}

/** The same command line without `--watch`. */
function startServer(): ChildProcess {
  const args = process.argv.slice(2).filter((arg) => arg !== "--watch");
  // An author waits for the restart; nothing balances load onto this server.
  const env = { BENTO_SERVER_DRAIN_DELAY: "0s", ...process.env };
  return runOwnCommand(args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env });
}

async function endServer(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGTERM"), PATIENCE_MS);
  await exited;
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function placesOf(target: Target, configFile: string | undefined): Parameters<typeof watchFiles>[0] {
  const files = configFile === undefined ? [] : [resolve(configFile)];
  // Beside a single model file there may be anything; beside a service there is its project.
  const isOneModel = target.kind === "models" && target.models[0]?.path === target.path;
  if (isOneModel) return { folders: [], files: [...files, target.path] };
  const own = target.kind === "module" ? [target.projectDir, dirname(target.file)] : [target.projectDir];
  return { folders: own, files };
}
