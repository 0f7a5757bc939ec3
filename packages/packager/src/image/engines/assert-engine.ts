import { ServingError } from "@bento-ts/runtime/definition";
import { ENGINES } from "./all.ts";
import type { EngineName } from "./engine.ts";
import { type ClientOptions, runClient } from "./run-client.ts";

/**
 * Throws FAILED_PRECONDITION, one sentence with the next step, when an engine can't build for a platform (`linux/amd64`): no client, no engine that answers, no
 * right to ask it, another architecture.
 */
export async function assertEngine(name: EngineName, platform: string, client: ClientOptions): Promise<void> {
  const { exitCode, stdout, output } = await runClient(name, ENGINES[name].platform, client);
  if (exitCode !== 0)
    throw refused(`${unready(name, output, client.env)}, or use --builder oci, which needs no engine`);
  const builds = stdout.trim();
  if (builds === platform) return;
  throw refused(
    `the bento is made for ${platform} and ${name} builds ${builds}: use --builder oci, or build on a machine of that kind`,
  );
}

function unready(name: EngineName, output: string, env: ClientOptions["env"]): string {
  const isDenied = /permission denied/i.test(output);
  if (name === "docker") {
    const host = env["DOCKER_HOST"];
    const place = host === undefined || host === "" ? "" : ` at ${host} (DOCKER_HOST)`;
    return isDenied
      ? `the Docker engine${place} does not let this user in: add the user to its group (docker)`
      : `no Docker engine answers${place}: start it`;
  }
  const reason = output.trim().split("\n").at(-1) ?? "";
  const next = isDenied
    ? "give this user a home folder and user ids of its own (/etc/subuid)"
    : "set it up for this user";
  return `${name} does not work here (${reason}): ${next}`;
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
