import { setTimeout } from "node:timers/promises";
import { ENGINES } from "./all.ts";
import type { EngineName } from "./engine.ts";
import { type ClientOptions, runClient } from "./run-client.ts";

/** Time for it, at most: the user who has pressed Ctrl-C waits. */
const TIMEOUT_MS = 20_000;
const MAX_ATTEMPTS = 30;
const ATTEMPT_DELAY_MS = 200;

/**
 * Removes the images without a name that a broken build left, and the containers that it did not remove itself. `lines` are what the client wrote, `base`
 * the id of the base, `containers` those that were there before.
 *
 * Errors are ignored: the build's own is told, and an engine that went down keeps what it has.
 */
export async function removeLeftovers(name: EngineName, { lines, base, containers, env }: BrokenBuild): Promise<void> {
  const made = [...new Set(lines.flatMap((line) => MADE.exec(line)?.groups?.["id"] ?? []))].reverse();
  const client = { env, signal: AbortSignal.timeout(TIMEOUT_MS) };
  try {
    if (name === "podman") await removeContainers([base, ...made], { containers, client });
    for (const id of made) {
      const { args, unnamed } = NAMES[name];
      const names = await runClient(name, [...args, id], client);
      if (names.exitCode !== 0 || names.stdout.trim() !== unnamed) return;
      if (!(await remove(name, id, client))) return;
    }
  } catch {
    // Said above.
  }
}

interface BrokenBuild extends Pick<ClientOptions, "env"> {
  readonly lines: readonly string[];
  readonly base: string;
  readonly containers: readonly string[];
}

/** Whether it could be removed: an image that others are made of stays, with all that it is made of. */
async function remove(name: EngineName, id: string, client: ClientOptions): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const { exitCode, output } = await runClient(name, ENGINES[name].remove(id), client);
    if (exitCode === 0) return true;
    // Docker ends the container of a step after its client has gone.
    if (!/container/.test(output)) return false;
    await setTimeout(ATTEMPT_DELAY_MS);
  }
  return false;
}

/** Containers of builds that podman knows; the other engines remove theirs when they are ended. */
export async function buildContainers(name: EngineName, client: ClientOptions): Promise<readonly string[]> {
  if (name !== "podman") return [];
  const { stdout } = await runClient(name, ["ps", "--all", "--external", "--format", "{{.ID}} {{.ImageID}}"], client);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Lines in which the classic builder, podman and buildah tell the image that an instruction has made. */
const MADE = /^ ?-{2,3}> (?:Using cache )?(?<id>[0-9a-f]{11,64})$/;

/** How the names of an image are asked for: the base is never removed, whether it is named by a tag or a digest. */
const NAMES = {
  docker: { args: ["image", "inspect", "--format", "{{.RepoTags}} {{.RepoDigests}}"], unnamed: "[] []" },
  podman: { args: ["image", "inspect", "--format", "{{.RepoTags}}"], unnamed: "[]" },
  buildah: { args: ["images", "--noheading", "--format", "{{.Name}}"], unnamed: "<none>" },
} as const satisfies Record<EngineName, { readonly args: readonly string[]; readonly unnamed: string }>;

/** Podman leaves the containers of a build that is ended: one on the base, one on what the last instruction has made. */
async function removeContainers(
  bases: readonly string[],
  { containers, client }: { readonly containers: readonly string[]; readonly client: ClientOptions },
): Promise<void> {
  const now = await buildContainers("podman", client);
  const left = now
    .filter((line) => !containers.includes(line))
    .map((line) => line.split(" "))
    .filter(([, image = ""]) => bases.some((id) => id.startsWith(image) || image.startsWith(id)))
    .flatMap(([id]) => id ?? []);
  if (left.length > 0) await runClient("podman", ["rm", "--force", ...left], client);
}
