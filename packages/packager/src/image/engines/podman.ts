import { buildArgs, DOCKER_WORDS, type Engine } from "./engine.ts";

/** Podman. */
export const podman: Engine = {
  platform: ["info", "--format", "{{.Host.OS}}/{{.Host.Arch}}"],
  build(request, env) {
    const [command = "", ...args] = buildArgs(request);
    // OCI's own form has no health check.
    return { args: [command, "--format", "docker", "--layers", "--identity-label=false", ...args], env };
  },
  ...DOCKER_WORDS,
  save: (names, file) => [
    "save",
    "--format=docker-archive",
    ...(names.length > 1 ? ["--multi-image-archive"] : []),
    `--output=${file}`,
    ...names,
  ],
};
