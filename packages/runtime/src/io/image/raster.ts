import type { ImageSpec } from "../types.ts";
import { channelCount } from "./image-spec.ts";

/** Pixels: row by row from the top left, the channels of a pixel together, 8 bits each. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: ImageSpec["channels"];
  /** width × height × channels values. */
  readonly pixels: Uint8Array;
}

/** Brings pixels in R, G, B into another order of channels, in place but for gray. */
export function toChannels(rgb: Uint8Array, channels: ImageSpec["channels"]): Uint8Array {
  if (channels === "bgr") return swapRedAndBlue(rgb);
  return channels === "gray" ? toGray(rgb) : rgb;
}

/** The pixels in R, G, B or gray; a copy where that differs from what they are. */
export function withoutOrder({ pixels, channels }: Raster): Uint8Array {
  return channels === "bgr" ? swapRedAndBlue(Uint8Array.from(pixels)) : pixels;
}

/** The picture turned upside down. */
export function turnedAround(raster: Raster): Raster {
  const { pixels } = raster;
  const count = channelCount(raster.channels);
  const turned = new Uint8Array(pixels.length);
  for (let from = 0, to = pixels.length - count; to >= 0; from += count, to -= count) {
    for (let channel = 0; channel < count; channel += 1) turned[to + channel] = pixels[from + channel] ?? 0;
  }
  return { ...raster, pixels: turned };
}

function swapRedAndBlue(pixels: Uint8Array): Uint8Array {
  for (let at = 0; at < pixels.length; at += 3) {
    const red = pixels[at] ?? 0;
    pixels[at] = pixels[at + 2] ?? 0;
    pixels[at + 2] = red;
  }
  return pixels;
}

/** ITU-R 601 luma in 16-bit fixed point, the weights of PIL's `convert("L")`; they sum to 65536, so that gray stays what it is. */
function toGray(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3);
  for (let at = 0; at < gray.length; at += 1) {
    const [red = 0, green = 0, blue = 0] = [rgb[at * 3], rgb[at * 3 + 1], rgb[at * 3 + 2]];
    gray[at] = (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
  }
  return gray;
}
