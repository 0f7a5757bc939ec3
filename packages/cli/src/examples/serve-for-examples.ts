import { once } from "node:events";
import { text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { CommandError, EXIT } from "../command-error.ts";
import { type ReadyMessage, runOwnCommand } from "../serve/own-process.ts";

/** A server in a process of its own: what the author's code prints stays out of the command's own output. */
export interface ExampleServer {
  readonly url: string;
  /** Why a call failed, as the server's log has it. */
  reasonFor(requestId: string): string | undefined;
  stop(): Promise<void>;
}

const ARGS = ["--host", "127.0.0.1", "--port", "0", "--admin-host", "127.0.0.1", "--admin-port", "0", "--workers", "1"];

/** Starts `bento-ts serve` with one worker on free loopback ports. Throws CommandError with the server's own message when it does not start. */
export async function serveForExamples(target: string): Promise<ExampleServer> {
  const env = {
    ...process.env,
    BENTO_SERVER_DRAIN_DELAY: "0s",
    BENTO_TELEMETRY_LOG_LEVEL: "error",
    BENTO_TELEMETRY_LOG_FORMAT: "json",
    NO_COLOR: "1",
  };
  const child = runOwnCommand(["serve", target, ...ARGS], { stdio: ["ignore", "pipe", "pipe", "ipc"], env });
  const reasons = new Map<string, string>();
  if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => rememberReason(line, reasons));
  const errors = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  // After all that it has written.
  const exited = once(child, "close");
  const ready = await Promise.race([once(child, "message"), exited.then(() => undefined)]);
  if (ready === undefined) {
    const message = (await errors).replace(/^error: /m, "").trim();
    throw new CommandError(child.exitCode ?? EXIT.failed, message === "" ? "the service did not start" : message);
  }
  const [{ url }] = ready as [ReadyMessage];
  return {
    url,
    reasonFor: (requestId) => reasons.get(requestId),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function rememberReason(line: string, reasons: Map<string, string>): void {
  try {
    const { requestId, err } = JSON.parse(line) as { readonly requestId?: unknown; readonly err?: LoggedError };
    if (typeof requestId === "string" && err !== undefined) reasons.set(requestId, rootOf(err));
  } catch {
    // What the author prints is no log line.
  }
}

interface LoggedError {
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** The error and the line of the author's that threw it. */
const STACK_LINES = 2;

function rootOf(error: LoggedError): string {
  if (error.cause !== undefined) return rootOf(error.cause);
  return error.stack?.split("\n").slice(0, STACK_LINES).join("\n") ?? error.message ?? "unknown";
}
