import { spawn } from "node:child_process";
import { ServingError } from "@bento-ts/runtime/definition";
import type { ResolvedRegistryOptions } from "./registry-options.ts";

/** A helper may have to ask its user or a cloud. */
const MAX_ANSWER_MS = 60_000;
const MAX_ANSWER_CHARS = 1024 * 1024;

/**
 * Asks `docker-credential-<helper> get` for the secret kept for a server; undefined when it has none.
 *
 * Throws FAILED_PRECONDITION when there is no such program, or it fails or takes longer than a minute; never shows what it wrote.
 * Source: docker-credential-helpers, "Development".
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  { env, signal }: Pick<ResolvedRegistryOptions, "env" | "signal">,
): Promise<{ readonly user: string; readonly secret: string } | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw failed(`"${helper}" is no name of a credential helper`);
  const { exitCode, stdout } = await runHelper(program, server, { env, signal });
  if (exitCode !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw failed(`${program} failed with exit code ${exitCode} when asked for ${server}: run it by hand to see why`);
  }
  return parseAnswer(stdout, program);
}

async function runHelper(
  program: string,
  server: string,
  { env, signal }: Pick<ResolvedRegistryOptions, "env" | "signal">,
): Promise<{ readonly exitCode: number | null; readonly stdout: string }> {
  signal.throwIfAborted();
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(MAX_ANSWER_MS)]);
  const child = spawn(program, ["get"], { env, signal: bounded, stdio: ["pipe", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(0, MAX_ANSWER_CHARS);
  });
  // One that ends without reading has said all that counts.
  child.stdin.on("error", () => undefined).end(server);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      if (signal.aborted) reject(signal.reason);
      else if (bounded.aborted) reject(failed(`${program} did not answer within ${MAX_ANSWER_MS / 1000} s`));
      else
        reject(
          failed(
            `${program}, which Docker's configuration names, can't be started: install it or take it out there`,
            cause,
          ),
        );
    });
    child.once("close", (exitCode) => resolve({ exitCode, stdout }));
  });
}

function parseAnswer(stdout: string, program: string): { readonly user: string; readonly secret: string } {
  try {
    const { Username: user, Secret: secret } = JSON.parse(stdout) as { Username: unknown; Secret: unknown };
    if (typeof user === "string" && typeof secret === "string") return { user, secret };
  } catch {
    // Without the cause, which shows a piece of the text.
  }
  throw failed(`${program} gave no "Username" and "Secret"`);
}

function failed(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
