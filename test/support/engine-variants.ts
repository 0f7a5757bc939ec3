import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Builder } from "../../packages/packager/src/image/build-image.ts";
import { run } from "./cli.ts";

/** What builds images from Dockerfiles. */
export const VARIANTS = ["docker classic", "docker BuildKit", "podman", "buildah"] as const;
export type Variant = (typeof VARIANTS)[number];

export const BUILDER_OF = {
  "docker classic": "docker",
  "docker BuildKit": "docker",
  podman: "podman",
  buildah: "buildah",
} as const satisfies Record<Variant, Builder>;

/** Variables that set an engine up, as its own documentation has them; podman and buildah have stores of their own in a folder. */
export function engineVariables(variant: Variant, folder: string): Readonly<Record<string, string | undefined>> {
  const { env } = process;
  if (variant === "docker classic") return { ...env, DOCKER_BUILDKIT: "0" };
  // Debian's client brings BuildKit along; others need a plug-in.
  if (variant === "docker BuildKit") return { ...env, DOCKER_BUILDKIT: "1", PATH: `/usr/bin:${env["PATH"] ?? ""}` };
  const dir = join(folder, variant);
  const conf = `${dir}.conf`;
  const storage = `[storage]\ndriver = "${env["STORAGE_DRIVER"] ?? "overlay"}"\ngraphroot = "${dir}/graph"\nrunroot = "${dir}/run"\n`;
  if (!existsSync(conf)) writeFileSync(conf, storage);
  return { ...env, CONTAINERS_STORAGE_CONF: conf, BUILDAH_ISOLATION: "chroot" };
}

/** Takes a folder with such stores away. */
export async function removeStores(folder: string): Promise<void> {
  // They are mounted upon themselves.
  for (const name of ["podman", "buildah"]) await run("umount", [join(folder, name, "graph/overlay")]);
  rmSync(folder, { recursive: true, force: true });
}
