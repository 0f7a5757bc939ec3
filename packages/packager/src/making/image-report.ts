import type { BuiltPlatform } from "../oci/build-oci-image.ts";
import type { ImageBuilder } from "./choose-builder.ts";

/** An image that was made. */
export interface MadeImage {
  readonly builder: ImageBuilder;
  /** What engines call it by, "sha256:…": the digest of its configuration; null for an image of several platforms. */
  readonly id: string | null;
  /** "sha256:…" of the manifest, or of the index of several platforms; null where an engine keeps it to itself. */
  readonly digest: string | null;
  readonly tags: readonly string[];
  readonly base: string;
  /** All layers, base included, of the first platform; null where the builder does not tell. */
  readonly bytes: { readonly uncompressed: number | null; readonly compressed: number | null };
  /** None where an engine built it. */
  readonly platforms: readonly BuiltPlatform[];
  readonly places: readonly ImagePlace[];
}

/** Where an image is. */
export interface ImagePlace {
  readonly kind: "engine" | "archive" | "layout" | "registry";
  /** Name of the engine, absolute path, or what others pull by. */
  readonly at: string;
}
