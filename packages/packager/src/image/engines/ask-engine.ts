import { ServingError } from "@bento-ts/runtime/definition";
import { ENGINES } from "./all.ts";
import type { EngineName } from "./engine.ts";
import { type ClientOptions, runClient } from "./run-client.ts";

/**
 * Has an engine's client do something, and gives what it prints.
 *
 * Throws FAILED_PRECONDITION when it can't: `failure` with the client's last words, or that the engine has gone.
 */
export async function askEngine(
  name: EngineName,
  args: readonly string[],
  client: ClientOptions,
  failure: string,
): Promise<string> {
  const { exitCode, stdout, output } = await runClient(name, args, client);
  if (exitCode === 0) return stdout;
  const reason = output.trim().split("\n").at(-1) ?? "";
  throw await failedWork(name, `${failure}: ${reason}`, client);
}

/** The error of work that an engine has broken off: that it has gone, which is the likeliest reason and which its client says less well, else `told`. */
export async function failedWork(
  name: EngineName,
  told: string,
  { env, signal }: Pick<ClientOptions, "env" | "signal">,
): Promise<ServingError> {
  const { exitCode } = await runClient(name, ENGINES[name].platform, { env, signal });
  if (exitCode === 0) return new ServingError("FAILED_PRECONDITION", told);
  const host = name === "docker" ? env["DOCKER_HOST"] : undefined;
  const engine = host === undefined || host === "" ? `the ${name} engine` : `the ${name} engine at ${host}`;
  return new ServingError(
    "FAILED_PRECONDITION",
    `${engine} has gone in the middle of the work: start it and build again, or use --builder oci -o FILE.tar, which needs none`,
  );
}
