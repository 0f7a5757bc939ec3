import { invalidInput } from "../../errors.ts";

/** Width and height in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** A wanted size; null leaves a side to the proportions. */
export interface WantedSize {
  readonly width: number | null;
  readonly height: number | null;
}

/**
 * The size to which a picture is brought: both sides as wanted, or the other one by the picture's proportions, at least 1.
 *
 * Throws INVALID_ARGUMENT at `path` when that has more than `maxPixels`: a picture one pixel high would grow a thousand times.
 */
export function targetSize(
  own: PixelSize,
  wanted: WantedSize,
  { maxPixels, path }: { readonly maxPixels: number; readonly path: string },
): PixelSize {
  const width = wanted.width ?? Math.max(1, Math.round((own.width * (wanted.height ?? own.height)) / own.height));
  const height = wanted.height ?? Math.max(1, Math.round((own.height * width) / own.width));
  assertPixels(
    { width, height },
    { maxPixels, path, what: `a picture of ${own.width}×${own.height} pixels, resized to ${width}×${height},` },
  );
  return { width, height };
}

/** Throws INVALID_ARGUMENT at `path` when a size has more than `maxPixels`. */
export function assertPixels(
  { width, height }: PixelSize,
  { maxPixels, path, what }: { readonly maxPixels: number; readonly path: string; readonly what: string },
): void {
  if (width * height > maxPixels) throw invalidInput([{ path, message: `${what} has more than ${maxPixels} pixels` }]);
}
