import { ServingError } from "../../errors.ts";
import type { TensorOf } from "../../tensor/tensor.ts";
import type { ImageFormat, ImageSpec } from "../types.ts";
import { channelCount, type ImageDType, resolveImageSpec } from "./image-spec.ts";
import { loadSharp } from "./load-sharp.ts";
import { toPictureTensor } from "./picture-tensor.ts";
import { turnedAround, withoutOrder, type Raster } from "./raster.ts";
import { targetSize } from "./target-size.ts";

/** A wanted size in pixels; one side alone keeps the proportions. */
export interface ResizeOptions {
  readonly width?: number;
  readonly height?: number;
  /** How the picture fits where both sides are given, as `fit` of `image()`. Default `fill`. */
  readonly fit?: ImageSpec["fit"];
}

/** A decoded picture. Its methods give new pictures and leave this one as it is. */
export interface Image<D extends ImageDType = "float32"> {
  /** In pixels, upright and after resizing. */
  readonly width: number;
  readonly height: number;
  readonly channels: ImageSpec["channels"];
  /** Format of the bytes that came; "png" for pictures made here. */
  readonly format: ImageFormat;
  /** Row by row from the top left, the channels of a pixel together in the order of `channels`, 0 to 255. */
  readonly pixels: Uint8Array;
  /**
   * The picture as a tensor in the layout and normalisation of its type.
   *
   * `padTo` makes the tensor wider or higher: the picture stands at its top left, the rest is 0 after normalising. Throws INVALID_ARGUMENT when it is smaller than the picture.
   */
  toTensor(options?: { readonly padTo?: { readonly width?: number; readonly height?: number } }): TensorOf<D>;
  resize(options: ResizeOptions): Promise<Image<D>>;
  /** Turned upside down. */
  rotate180(): Image<D>;
  encode(format: "png" | "jpeg"): Promise<Uint8Array>;
}

/** Makes a picture from pixels, to answer with. Throws INVALID_ARGUMENT when their number is not width × height × channels. */
export function createImage({
  width,
  height,
  channels = "rgb",
  pixels,
}: Partial<Pick<Raster, "channels">> & Omit<Raster, "channels">): Image {
  const spec = resolveImageSpec({ channels });
  const expected = width * height * channelCount(channels);
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1 || pixels.length !== expected) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected ${expected} values for ${width}×${height} pixels in ${channels}, got ${pixels.length}`,
    );
  }
  return toImage({ width, height, channels, pixels, format: "png" }, spec, "float32");
}

/** Wraps pixels that fit the spec's channels. */
export function toImage<D extends ImageDType>(
  raster: Raster & { readonly format: ImageFormat },
  spec: ImageSpec,
  dtype: D,
): Image<D> {
  const derive = (changed: Raster): Image<D> => toImage({ ...changed, format: raster.format }, spec, dtype);
  return Object.freeze<Image<D>>({
    ...raster,
    toTensor: ({ padTo = {} } = {}) => {
      const canvas = { width: padTo.width ?? raster.width, height: padTo.height ?? raster.height };
      if (canvas.width < raster.width || canvas.height < raster.height) {
        const sizes = `${canvas.width}×${canvas.height} pixels for a picture of ${raster.width}×${raster.height}`;
        throw new ServingError("INVALID_ARGUMENT", `toTensor: padTo is smaller than the picture: ${sizes}`);
      }
      return toPictureTensor(raster, spec, { dtype, canvas });
    },
    resize: async (options) => derive(await resizeRaster(raster, spec, options)),
    rotate180: () => derive(turnedAround(raster)),
    encode: (format) => encodeRaster(raster, format),
  });
}

async function resizeRaster(
  raster: Raster,
  { maxPixels }: ImageSpec,
  { width, height, fit = "fill" }: ResizeOptions,
): Promise<Raster> {
  const target = targetSize(raster, { width: width ?? null, height: height ?? null }, { maxPixels, path: "" });
  const free = width === undefined || height === undefined;
  const { data, info } = await (
    await open(raster)
  )
    .resize({ ...target, fit: free ? "fill" : fit, background: "#000000" })
    .toColourspace(raster.channels === "gray" ? "b-w" : "srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { ...raster, width: info.width, height: info.height, pixels: data };
}

async function encodeRaster(raster: Raster, format: "png" | "jpeg"): Promise<Uint8Array> {
  const picture = await open({ ...raster, pixels: withoutOrder(raster) });
  return picture
    .toColourspace(raster.channels === "gray" ? "b-w" : "srgb")
    .toFormat(format)
    .toBuffer();
}

async function open({
  pixels,
  width,
  height,
  channels,
}: Raster): Promise<ReturnType<Awaited<ReturnType<typeof loadSharp>>>> {
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels: channelCount(channels) }, limitInputPixels: false });
}
