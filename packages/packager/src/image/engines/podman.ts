import { buildArgs, type Engine } from "./engine.ts";

/** Podman. */
export const podman: Engine = {
  platform: ["info", "--format", "{{.Host.OS}}/{{.Host.Arch}}"],
  build(request, env) {
    const [command = "", ...args] = buildArgs(request);
    // OCI's own form has no health check.
    return { args: [command, "--format", "docker", "--layers", "--identity-label=false", ...args], env };
  },
  inspect: (image) => ["image", "inspect", "--format", "{{.Id}}", image],
  size: (id) => ["image", "inspect", "--format", "{{.Size}}", id],
  pull: (image) => ["pull", image],
  tag: (id, name) => ["tag", id, name],
  remove: (id) => ["rmi", id],
  push: (name) => ["push", "--quiet", name],
  save: (names, file) => [
    "save",
    "--format=docker-archive",
    ...(names.length > 1 ? ["--multi-image-archive"] : []),
    `--output=${file}`,
    ...names,
  ],
  load: (file) => ["load", "--input", file],
};
