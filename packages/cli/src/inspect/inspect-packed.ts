import { stat } from "node:fs/promises";
import { type BentoFile, digestOf } from "@bento-ts/runtime/definition";
import { interruptible } from "../build/interruptible.ts";
import type { InspectedContainerImage } from "../container/inspect-image.ts";

/** A bento in a file, or an image in a file or a layout. */
export type Packed =
  | { readonly kind: "bento"; readonly file: BentoFile; readonly digest: string }
  | { readonly kind: "image"; readonly image: InspectedContainerImage };

/**
 * Reads a file that `bentos export`, `build -o`, `docker save` or skopeo wrote, or an OCI layout, without an engine; undefined for anything else.
 *
 * Throws ServingError for one that is not whole or holds no bento.
 */
export async function inspectPacked(path: string): Promise<Packed | undefined> {
  const isFile = (await stat(path)).isFile();
  if (isFile && !/\.tar(?:\.gz)?$/.test(path)) return undefined;
  const packager = await import("@bento-ts/packager");
  if (isFile && (await packager.isExportedBento(path))) {
    const file = await packager.readExportedBento(path);
    return { kind: "bento", file, digest: digestOf(file.definition) };
  }
  if (!isFile && !packager.isLayout(path)) return undefined;
  const { digest, id, config, layers, bento } = await interruptible((signal) =>
    packager.inspectImageFile(path, signal),
  );
  const { Entrypoint, Env, ExposedPorts, Labels, User } = config.config ?? {};
  const image: InspectedContainerImage = {
    kind: "image",
    reference: path,
    id,
    repoDigests: digest === undefined ? [] : [digest],
    platform: `${config.os}/${config.architecture}`,
    base: Labels?.["org.opencontainers.image.base.name"] ?? null,
    user: User ?? "",
    entrypoint: Entrypoint ?? [],
    env: Env ?? [],
    ports: Object.keys(ExposedPorts ?? {}),
    labels: Labels ?? {},
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    layers,
    bento,
  };
  return { kind: "image", image };
}
