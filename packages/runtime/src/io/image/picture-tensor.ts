import { CREATE_DATA } from "../../tensor/dtype.ts";
import { createTensor, type TensorOf } from "../../tensor/tensor.ts";
import type { ImageSpec } from "../types.ts";
import { channelCount, type ImageDType } from "./image-spec.ts";
import type { Raster } from "./raster.ts";
import type { PixelSize } from "./target-size.ts";

/**
 * Turns pixels into a tensor: value = (pixel × scale − mean) / std per channel, in the spec's layout.
 *
 * A `canvas` larger than the picture leaves it at the top left; the rest is 0, after normalising.
 */
export function toPictureTensor<D extends ImageDType>(
  raster: Raster,
  spec: ImageSpec,
  { dtype, canvas }: { readonly dtype: D; readonly canvas: PixelSize },
): TensorOf<D> {
  const channels = channelCount(raster.channels);
  const { width, height } = canvas;
  const planar = spec.layout.endsWith("chw");
  const data = CREATE_DATA[dtype](width * height * channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const strides = planar
      ? { start: channel * width * height, column: 1, row: width }
      : { start: channel, column: channels, row: width * channels };
    fillChannel(data, raster, { channel, channels, values: valueTable(spec, channel), strides });
  }
  const axes = planar ? [channels, height, width] : [height, width, channels];
  return createTensor(dtype, spec.layout.startsWith("n") ? [1, ...axes] : axes, data);
}

interface ChannelPlan {
  readonly channel: number;
  readonly channels: number;
  /** What each of the 256 pixel values becomes. */
  readonly values: Float64Array;
  readonly strides: { readonly start: number; readonly column: number; readonly row: number };
}

function valueTable({ scale, mean, std, dtype }: ImageSpec, channel: number): Float64Array {
  if (dtype === "uint8") return Float64Array.from({ length: 256 }, (_, pixel) => pixel);
  return Float64Array.from({ length: 256 }, (_, pixel) => (pixel * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1));
}

function fillChannel(
  data: Float32Array | Uint8Array,
  { pixels, width, height }: Raster,
  { channel, channels, values, strides }: ChannelPlan,
): void {
  for (let y = 0; y < height; y += 1) {
    let from = y * width * channels + channel;
    let to = strides.start + y * strides.row;
    for (let x = 0; x < width; x += 1) {
      data[to] = values[pixels[from] ?? 0] ?? 0;
      from += channels;
      to += strides.column;
    }
  }
}
