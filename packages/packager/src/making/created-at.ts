import { ServingError } from "@bento-ts/runtime/definition";

/**
 * The time that an image says it was made at, RFC 3339: that of SOURCE_DATE_EPOCH, else the beginning of 1970, so that equal inputs give equal images. Files in layers
 * have no time at all: a layer stays the same for as long as its files do.
 *
 * Throws INVALID_ARGUMENT for a SOURCE_DATE_EPOCH that is no number of seconds. Source: reproducible-builds.org, "SOURCE_DATE_EPOCH".
 */
export function createdAt(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["SOURCE_DATE_EPOCH"];
  if (given === undefined || given === "") return "1970-01-01T00:00:00Z";
  // Until the year 9999, after which a time is written otherwise.
  if (/^\d{1,12}$/.test(given) && Number(given) < 253_402_300_800) {
    return new Date(Number(given) * 1000).toISOString().replace(".000Z", "Z");
  }
  throw new ServingError("INVALID_ARGUMENT", `SOURCE_DATE_EPOCH: expected seconds since 1970, got "${given}"`);
}
