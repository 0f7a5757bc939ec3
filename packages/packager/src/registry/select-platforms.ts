import { ServingError } from "@bento-ts/runtime/definition";
import type { Descriptor, OciIndex, OciPlatform } from "../oci/types.ts";

/** The images of an index for some platforms. Throws FAILED_PRECONDITION, naming those there are, when one is missing. */
export function selectPlatforms(
  index: OciIndex,
  platforms: readonly OciPlatform[],
  name: string,
): readonly Descriptor[] {
  // Signatures and attestations stand in an index as well, for a platform "unknown".
  const images = index.manifests.filter(({ platform }) => platform !== undefined && platform.os !== "unknown");
  return platforms.map((wanted) => {
    const found = images.find(({ platform }) => platform !== undefined && runsOn(platform, wanted));
    if (found !== undefined) return found;
    const there = images.flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)]));
    throw missing(name, wanted, there);
  });
}

/** Throws FAILED_PRECONDITION unless an image of this platform is one for all that are wanted. */
export function assertPlatform(actual: OciPlatform, platforms: readonly OciPlatform[], name: string): void {
  const unmet = platforms.find((wanted) => !runsOn(actual, wanted));
  if (unmet !== undefined) throw missing(name, unmet, [platformText(actual)]);
}

/** Whether an image runs where one is wanted; without a variant that is wanted, any will do: arm64 has but one, v8. */
function runsOn(actual: OciPlatform, wanted: OciPlatform): boolean {
  const isVariant = wanted.variant === undefined || actual.variant === undefined || actual.variant === wanted.variant;
  return actual.os === wanted.os && actual.architecture === wanted.architecture && isVariant;
}

function platformText({ os, architecture, variant }: OciPlatform): string {
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

function missing(name: string, wanted: OciPlatform, there: readonly string[]): ServingError {
  const has = there.length === 0 ? "none at all" : `one for ${there.join(", ")}`;
  return new ServingError("FAILED_PRECONDITION", `${name} has no image for ${platformText(wanted)}: it has ${has}`);
}
