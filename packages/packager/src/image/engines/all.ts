import { buildah } from "./buildah.ts";
import { docker } from "./docker.ts";
import type { Engine, EngineName } from "./engine.ts";
import { podman } from "./podman.ts";

/** How each engine is asked. */
export const ENGINES = { docker, podman, buildah } as const satisfies Record<EngineName, Engine>;
