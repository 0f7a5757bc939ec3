import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CommandError, EXIT } from "../command-error.ts";
import { createReasons } from "./log-reasons.ts";
import type { ReadyMessage } from "../serve/own-process.ts";

/** A server in a process of its own. */
export interface ExampleServer extends ReadyMessage {
  /** Why a call failed, as the server's log has it. */
  reasonFor(requestId: string): string | undefined;
  stop(): Promise<void>;
}

export interface ExampleServerOptions {
  /** The Node that runs it; that of this process unless given. */
  readonly nodePath?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  /** With the workers and protocols of its configuration instead of one worker and the native protocol alone. */
  readonly asConfigured?: boolean;
}

/**
 * Serves a service file, project folder, bento or model files on free loopback ports, open to whoever may reach those.
 *
 * Throws CommandError with the server's own message when it does not start, what the abort signal says when it was ended.
 */
export async function serveForExamples(target: string, options: ExampleServerOptions = {}): Promise<ExampleServer> {
  const { nodePath: execPath, env = process.env, signal, asConfigured = false } = options;
  signal?.throwIfAborted();
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  // In a process group of its own: Ctrl-C reaches it through the command that started it, never twice.
  const args = [target, ...(asConfigured ? ["as-configured"] : [])];
  const child = fork(fileURLToPath(new URL(`./example-server-main.${ending}`, import.meta.url)), args, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...env, NO_COLOR: "1" },
    detached: true,
    ...(execPath === undefined ? {} : { execPath }),
  });
  // Its workers with it: none of them may outlive this command's own end.
  const kill = (): void =>
    void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGKILL"));
  signal?.addEventListener("abort", kill, { once: true });
  const reasons = createReasons("");
  if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => reasons.read(line));
  const errors = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  // After all that it has written.
  const exited = once(child, "close").finally(() => signal?.removeEventListener("abort", kill));
  const ready = await Promise.race([once(child, "message"), exited.then(() => undefined)]);
  signal?.throwIfAborted();
  if (ready === undefined) {
    const message = (await errors).replace(/^error: /m, "").trim();
    throw new CommandError(child.exitCode ?? EXIT.failed, message === "" ? "the service did not start" : message);
  }
  const [places] = ready as [ReadyMessage];
  return {
    ...places,
    reasonFor: (requestId) => reasons.get(requestId),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
