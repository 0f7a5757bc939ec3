import { buildArgs, type Engine } from "./engine.ts";

/** Buildah; it runs nothing, and a tar that it writes has the first of the names. */
export const buildah: Engine = {
  platform: ["info", "--format", "{{.host.os}}/{{.host.arch}}"],
  build(request, env) {
    const [command = "", ...args] = buildArgs({ ...request, idFile: undefined });
    // Without "--layers" all of it is one layer; OCI's own form has no health check.
    return { args: [command, "--format", "docker", "--layers", "--identity-label=false", ...args], env };
  },
  inspect: (image) => ["inspect", "--type", "image", "--format", "{{.FromImageID}}", image],
  size: (id) => ["images", "--noheading", "--format", "{{.Size}}", id],
  pull: (image) => ["pull", image],
  tag: (id, name) => ["tag", id, name],
  remove: (id) => ["rmi", id],
  push: (name) => ["push", name],
  save: ([name = ""], file) => ["push", name, `docker-archive:${file}:${name}`],
  load: (file) => ["pull", `docker-archive:${file}`],
};
