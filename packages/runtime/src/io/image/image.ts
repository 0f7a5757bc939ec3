import { ServingError } from "../../errors.ts";
import { describeValue } from "../../describe-value.ts";
import { readBinary, writeBinary } from "../binary-payload.ts";
import { contentFromBytes } from "../content.ts";
import type { ImageSpec, IoType, Payload, PayloadKind } from "../types.ts";
import { decodePicture } from "./decode-picture.ts";
import { type ImageDType, type ImageOptions, resolveImageSpec } from "./image-spec.ts";
import { type Image, toImage } from "./picture.ts";

/**
 * A picture: a raw body, the only part of a multipart form, base64 or a data URL in JSON, one BYTES tensor with base64; answered as PNG.
 *
 * Reading throws INVALID_ARGUMENT with the place for what is no whole picture of an accepted format within `maxPixels`. Throws INVALID_ARGUMENT for options without meaning.
 */
export function image(options: ImageOptions & { readonly dtype: "uint8" }): IoType<Image<"uint8">>;
export function image(options?: ImageOptions & { readonly dtype?: "float32" }): IoType<Image>;
export function image(options: ImageOptions = {}): IoType<Image<"uint8">> | IoType<Image> {
  const spec = resolveImageSpec(options);
  return spec.dtype === "uint8" ? imageType(spec, spec.dtype) : imageType(spec, spec.dtype);
}

function imageType<D extends ImageDType>(spec: ImageSpec, dtype: D): IoType<Image<D>> {
  return Object.freeze<IoType<Image<D>>>({
    spec,
    read: async (payload) => {
      const { content, path } = readBinary(payload, "image");
      return toImage(await decodePicture(await content.bytes(), spec, path), spec, dtype);
    },
    write: writeImage,
  });
}

async function writeImage(value: Image<ImageDType>, as: PayloadKind): Promise<Payload> {
  if (typeof value !== "object" || value === null || typeof value.encode !== "function") {
    throw new ServingError(
      "INTERNAL",
      `the output does not fit its type: expected a picture, as createImage makes it, got ${describeValue(value)}`,
    );
  }
  const bytes = await value.encode("png");
  return writeBinary({ fileName: undefined, mediaType: "image/png", content: contentFromBytes(bytes) }, as);
}
