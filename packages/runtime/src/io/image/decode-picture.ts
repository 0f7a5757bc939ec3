import type { Metadata } from "sharp";
import { invalidInput, ServingError } from "../../errors.ts";
import type { ImageFormat, ImageSpec } from "../types.ts";
import { loadSharp, type Sharp } from "./load-sharp.ts";
import { detectFormat } from "./picture-format.ts";
import { toChannels, type Raster } from "./raster.ts";
import { assertPixels, targetSize } from "./target-size.ts";

const WHITE = "#ffffff";
const BLACK = "#000000";

/**
 * Decodes a picture: the first frame, upright by its EXIF orientation, on white where it is transparent, 8 bits a channel, resized as the spec says.
 *
 * Its format is told by the bytes, its size by the header, both before anything is decoded; embedded colour profiles are not applied, as in PIL and OpenCV.
 * Runs outside of the event loop. Throws INVALID_ARGUMENT at `path` for what is no whole picture of an accepted format and size.
 */
export async function decodePicture(
  bytes: Uint8Array,
  spec: ImageSpec,
  path: string,
): Promise<Raster & { readonly format: ImageFormat }> {
  const format = acceptedFormat(bytes, spec, path);
  const sharp = await loadSharp();
  const own = uprightSize(await readHeader(sharp, bytes, { format, path }), { maxPixels: spec.maxPixels, path });
  const pipeline = sharp(bytes, {
    limitInputPixels: spec.maxPixels,
    failOn: "error",
    autoOrient: true,
    ignoreIcc: true,
  }).flatten({ background: WHITE });
  if (spec.size !== null) {
    const target = targetSize(own, spec.size, { maxPixels: spec.maxPixels, path });
    const free = spec.size.width === null || spec.size.height === null;
    pipeline.resize({ ...target, fit: free ? "fill" : spec.fit, background: BLACK });
  }
  const { data, info } = await pipeline
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw damaged(format, path, cause);
    });
  return {
    width: info.width,
    height: info.height,
    pixels: toChannels(data, spec.channels),
    channels: spec.channels,
    format,
  };
}

function acceptedFormat(bytes: Uint8Array, { formats }: ImageSpec, path: string): ImageFormat {
  const detected = detectFormat(bytes);
  if (detected.format !== undefined && formats.includes(detected.format)) return detected.format;
  const got = detected.format === undefined ? detected.name : `a ${detected.format} picture`;
  throw invalidInput([{ path, message: `expected a picture (${formats.join(", ")}), got ${got}` }]);
}

async function readHeader(
  sharp: Sharp,
  bytes: Uint8Array,
  { format, path }: { readonly format: ImageFormat; readonly path: string },
): Promise<Metadata> {
  const header = await sharp(bytes, { limitInputPixels: false, failOn: "error" })
    .metadata()
    .catch((cause: unknown) => {
      throw damaged(format, path, cause);
    });
  // The decoder looks at the content by rules of its own: where it comes to another format, neither is believed.
  if (header.format !== (format === "avif" ? "heif" : format)) throw damaged(format, path);
  return header;
}

function uprightSize(
  header: Metadata,
  { maxPixels, path }: { readonly maxPixels: number; readonly path: string },
): { width: number; height: number } {
  const frames = header.pages ?? 1;
  const { width, height } = header.autoOrient;
  const times = frames === 1 ? "" : `, ${frames} times`;
  assertPixels(
    { width, height: height * frames },
    { maxPixels, path, what: `a picture of ${width}×${height} pixels${times}` },
  );
  return { width, height };
}

function damaged(format: ImageFormat, path: string, cause?: unknown): ServingError {
  const error = invalidInput([{ path, message: `the ${format} picture is damaged or cut short` }]);
  return new ServingError(error.code, error.message, { problems: error.problems, cause });
}
