import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { ENGINES } from "./all.ts";
import { failedWork } from "./ask-engine.ts";
import type { BuildRequest, EngineName } from "./engine.ts";
import { failureReason } from "./failure-reason.ts";
import { buildContainers, removeLeftovers } from "./remove-leftovers.ts";
import { type ClientOptions, type ClientResult, runClient } from "./run-client.ts";

/**
 * Builds an image without a name and gives its id, "sha256:…".
 *
 * Throws FAILED_PRECONDITION with the engine's last words when it fails. A build that fails or is ended leaves no container and no image behind.
 */
export async function runBuild(
  name: EngineName,
  request: Omit<BuildRequest, "idFile">,
  { hide, client }: { readonly hide: (text: string) => string; readonly client: ClientOptions },
): Promise<string> {
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
    client.onLine?.(line);
  };
  const { env: own, signal } = client;
  const quiet = { env: own, signal };
  const containers = await buildContainers(name, quiet);
  const { stdout: base } = await runClient(name, ENGINES[name].inspect(request.base), quiet);
  const temp = await mkdtemp(join(tmpdir(), "bento-image-"));
  try {
    const idFile = join(temp, "id");
    const { args, env } = ENGINES[name].build({ ...request, idFile }, own);
    const { exitCode, stdout, output } = await runClient(name, args, { ...client, env, onLine });
    if (exitCode !== 0) throw await failed(name, { output: hide(output), client });
    // Buildah has no file for it: with one it would not tell what each instruction has made.
    const id = name === "buildah" ? (stdout.trim().split("\n").at(-1) ?? "") : (await readFile(idFile, "utf8")).trim();
    return id.startsWith("sha256:") ? id : `sha256:${id}`;
  } catch (cause) {
    await removeLeftovers(name, { lines, base: base.trim(), containers, env: own });
    throw cause;
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function failed(
  name: EngineName,
  { output, client }: Pick<ClientResult, "output"> & { readonly client: ClientOptions },
): Promise<ServingError> {
  if (/buildx component is missing/.test(output)) {
    return refused(
      "secrets need BuildKit, and this docker client lacks it: install its buildx plug-in, or use --builder podman or buildah",
    );
  }
  return failedWork(name, `${name} build failed: ${failureReason(output)}`, client);
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
