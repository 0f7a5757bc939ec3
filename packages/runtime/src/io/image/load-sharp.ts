import type sharp from "sharp";
import { ServingError } from "../../errors.ts";

/** The decoder's function: `sharp(bytes)`. */
export type Sharp = typeof sharp;

let loading: Promise<Sharp> | undefined;

/**
 * Loads the picture decoder once; services without pictures never pay for it (19 MB of native files).
 *
 * Throws INTERNAL with the next step when the package or its native files for this platform are missing. Call it before a service is ready.
 */
export function loadSharp(): Promise<Sharp> {
  loading ??= importSharp();
  return loading;
}

async function importSharp(): Promise<Sharp> {
  try {
    const { default: decoder } = await import("sharp");
    // Workers share the cores, and no picture is read twice.
    decoder.concurrency(1);
    decoder.cache(false);
    return decoder;
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    throw new ServingError(
      "INTERNAL",
      `image() needs the package "sharp" with its native files for ${platform}: npm install sharp`,
      { cause },
    );
  }
}
