/** A service's version as tags have it: `+`, which they may not hold, becomes `_`, as in names of images. */
export function storeVersion(version: string): string {
  return version.replaceAll("+", "_");
}
