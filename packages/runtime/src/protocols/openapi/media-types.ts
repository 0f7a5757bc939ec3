import type { ImageFormat, IoSpec } from "../../io/types.ts";

const IMAGE_TYPES = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  tiff: "image/tiff",
  avif: "image/avif",
} as const satisfies Record<ImageFormat, string>;

/** Media types of an input as a document names them: a client has to send one type, so families of types are told by their members where these are known. */
export function mediaTypesOf(spec: IoSpec, taken: readonly string[]): readonly string[] {
  const types = taken.flatMap((type) => {
    if (spec.kind === "image" && type === "image/*") return spec.formats.map((format) => IMAGE_TYPES[format]);
    return type === "*/*" ? ["application/octet-stream", type] : [type];
  });
  return [...new Set(types)];
}
