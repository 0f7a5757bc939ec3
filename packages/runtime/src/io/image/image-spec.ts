import { ServingError } from "../../errors.ts";
import { describeValue } from "../../describe-value.ts";
import { assertOptions } from "../assert-options.ts";
import type { ImageFormat, ImageSpec } from "../types.ts";
import { IMAGE_FORMATS } from "./picture-format.ts";

/** Element type of the tensor of a picture. */
export type ImageDType = ImageSpec["dtype"];

/** How pictures are taken and turned into tensors. */
export interface ImageOptions {
  /** Size in pixels to which every picture is brought, as [height, width] or by name; one of them alone keeps the proportions. Its own size unless given. */
  readonly size?: readonly [height: number, width: number] | { readonly height?: number; readonly width?: number };
  /** How it fits where both are given: `fill` stretches, `contain` adds black bars, `cover` cuts, `inside` stays within. Default `fill`. */
  readonly fit?: ImageSpec["fit"];
  /** Order of the channels; `gray` is 0.299 R + 0.587 G + 0.114 B, as PIL and OpenCV have it. Default `rgb`. */
  readonly channels?: ImageSpec["channels"];
  /** Axes of the tensor; n is 1. Default `nchw`. */
  readonly layout?: ImageSpec["layout"];
  /** Formats taken; all unless given. */
  readonly formats?: readonly ImageFormat[];
  /** Largest number of pixels (width × height × frames), before decoding and after resizing. Default 40 million. */
  readonly maxPixels?: number;
  /** value = (pixel × scale − mean) / std. Default 1/255, for uint8 always 1. */
  readonly scale?: number;
  /** For all channels, or one for each in the order of `channels`. Default 0. */
  readonly mean?: number | readonly number[];
  /** As `mean`. Default 1. */
  readonly std?: number | readonly number[];
  /** Default `float32`; `uint8` gives the pixels as they are. */
  readonly dtype?: ImageDType;
}

const OPTION_NAMES = [
  "size",
  "fit",
  "channels",
  "layout",
  "formats",
  "maxPixels",
  "scale",
  "mean",
  "std",
  "dtype",
] as const satisfies readonly (keyof ImageOptions)[];
const FITS = ["fill", "contain", "cover", "inside"] as const;
const CHANNELS = ["rgb", "bgr", "gray"] as const;
const LAYOUTS = ["nchw", "nhwc", "chw", "hwc"] as const;
const DTYPES = ["float32", "uint8"] as const;

/** A phone's photograph has 12 to 50 million pixels; four bytes each are 160 MB. */
const DEFAULT_MAX_PIXELS = 40e6;
const MAX_SIDE = 16_384;

/** Number of channels. */
export function channelCount(channels: ImageSpec["channels"]): 1 | 3 {
  return channels === "gray" ? 1 : 3;
}

/** Decides every option. Throws INVALID_ARGUMENT that names the option for a value without meaning. */
export function resolveImageSpec(options: ImageOptions): ImageSpec {
  assertOptions("image", options, OPTION_NAMES);
  const dtype = oneOf("dtype", options.dtype ?? "float32", DTYPES);
  const channels = oneOf("channels", options.channels ?? "rgb", CHANNELS);
  if (dtype === "uint8" && (options.scale ?? options.mean ?? options.std) !== undefined) {
    throw refuse("dtype", "uint8 gives the pixels as they are: leave scale, mean and std out, or use float32");
  }
  const formats = options.formats ?? IMAGE_FORMATS;
  if (!Array.isArray(formats) || formats.length === 0)
    throw refuse("formats", `expected some of ${IMAGE_FORMATS.join(", ")}, got ${describeValue(formats)}`);
  return Object.freeze({
    kind: "image",
    size: resolveSize(options.size),
    fit: oneOf("fit", options.fit ?? "fill", FITS),
    channels,
    layout: oneOf("layout", options.layout ?? "nchw", LAYOUTS),
    formats: Object.freeze(formats.map((format) => oneOf("formats", format, IMAGE_FORMATS))),
    maxPixels: whole("maxPixels", options.maxPixels ?? DEFAULT_MAX_PIXELS, Number.MAX_SAFE_INTEGER),
    scale: finite("scale", options.scale ?? (dtype === "uint8" ? 1 : 1 / 255), { zero: false }),
    mean: perChannel("mean", options.mean ?? 0, { count: channelCount(channels), zero: true }),
    std: perChannel("std", options.std ?? 1, { count: channelCount(channels), zero: false }),
    dtype,
  });
}

function resolveSize(size: ImageOptions["size"]): ImageSpec["size"] {
  if (size === undefined) return null;
  const pair: readonly unknown[] = Array.isArray(size) ? size : [];
  const { height, width } = isPair(size) ? { height: pair[0], width: pair[1] } : size;
  const known = isPair(size)
    ? pair.length === 2
    : Object.keys(size).every((name) => name === "height" || name === "width");
  if (!known || (height === undefined && width === undefined))
    throw refuse("size", "expected [height, width] or { height, width }");
  const side = (value: unknown): number | null => (value === undefined ? null : whole("size", value, MAX_SIDE));
  return Object.freeze({ height: side(height), width: side(width) });
}

function isPair(size: NonNullable<ImageOptions["size"]>): size is readonly [number, number] {
  return Array.isArray(size);
}

function perChannel(
  option: string,
  given: unknown,
  { count, zero }: { readonly count: number; readonly zero: boolean },
): readonly number[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : Array.from({ length: count }, () => given);
  if (list.length !== count)
    throw refuse(
      option,
      `expected ${count === 1 ? "one number" : `one number or ${count} of them`}, got ${list.length}`,
    );
  return Object.freeze(list.map((value) => finite(option, value, { zero })));
}

function finite(option: string, value: unknown, { zero }: { readonly zero: boolean }): number {
  if (typeof value === "number" && Number.isFinite(value) && (zero || value !== 0)) return value;
  throw refuse(option, `expected a finite number${zero ? "" : " other than 0"}, got ${describeValue(value)}`);
}

function whole(option: string, value: unknown, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw refuse(option, `expected a whole number from 1 to ${max}, got ${describeValue(value)}`);
}

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw refuse(option, `expected ${allowed.join(", ")}, got ${describeValue(value)}`);
}

function refuse(option: string, message: string): ServingError {
  return new ServingError("INVALID_ARGUMENT", `image: ${option}: ${message}`);
}
