import { type ClientOptions, type ClientResult, runClient } from "./engines/run-client.ts";

/** Runs `docker ARGS` to its end. Throws FAILED_PRECONDITION when there is no client, the abort reason when it was ended. */
export async function runDocker(args: readonly string[], options: ClientOptions): Promise<ClientResult> {
  return runClient("docker", args, options);
}
