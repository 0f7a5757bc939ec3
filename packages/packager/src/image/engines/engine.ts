import type { SecretSource } from "./parse-secret.ts";

/** Container engines by the names of their clients. */
export const ENGINE_NAMES = ["docker", "podman", "buildah"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** One build from a Dockerfile. */
export interface BuildRequest {
  /** Folder of the bento. */
  readonly dir: string;
  readonly base: string;
  /** File for the image's id. */
  readonly idFile: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretSource[];
  /** Network of the steps that run: "host", "none", …; the engine's own choice unless given. */
  readonly network: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** How one engine is asked; every entry gives the arguments of its client. */
export interface Engine {
  /** Prints `os/architecture` once the engine answers. */
  readonly platform: readonly string[];
  /** Throws FAILED_PRECONDITION for what the engine can't do. */
  build(request: BuildRequest, env: Variables): { readonly args: readonly string[]; readonly env: Variables };
  /** Fails when the image is not here. */
  inspect(image: string): readonly string[];
  /** Prints the bytes of all layers. */
  size(id: string): readonly string[];
  pull(image: string): readonly string[];
  tag(id: string, name: string): readonly string[];
  /** Removes an image, and what it alone is made of; never one that has a name. */
  remove(id: string): readonly string[];
  push(name: string): readonly string[];
  /** Writes a tar that `docker load` takes. */
  save(names: readonly string[], file: string): readonly string[];
  /** Takes such a tar, with the names in it. */
  load(file: string): readonly string[];
}

/** What docker's client takes, and podman's as it does. */
export const DOCKER_WORDS = {
  inspect: (image) => ["image", "inspect", "--format", "{{.Id}}", image],
  size: (id) => ["image", "inspect", "--format", "{{.Size}}", id],
  pull: (image) => ["pull", image],
  tag: (id, name) => ["tag", id, name],
  remove: (id) => ["rmi", id],
  push: (name) => ["push", "--quiet", name],
  load: (file) => ["load", "--input", file],
} as const satisfies Partial<Engine>;

/** What all clients write alike. */
export function buildArgs({
  dir,
  base,
  idFile,
  labels,
  secrets,
  network,
}: Omit<BuildRequest, "idFile"> & { readonly idFile: string | undefined }): readonly string[] {
  return [
    "build",
    "--force-rm",
    `--build-arg=BASE_IMAGE=${base}`,
    ...(idFile === undefined ? [] : ["--iidfile", idFile]),
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...secrets.flatMap(({ id, from, place }) => ["--secret", `id=${id},${from === "file" ? "src" : "env"}=${place}`]),
    ...(network === undefined ? [] : ["--network", network]),
    dir,
  ];
}
