/**
 * The package URL of an npm package.
 *
 * Source: package-url/purl-spec, "npm": the scope is the namespace, its "@" is encoded.
 */
export function npmPurl(name: string, version: string): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `pkg:npm/${path}@${encodeURIComponent(version)}`;
}

/** The package URL of something that comes from no registry. */
export function genericPurl(name: string, version: string): string {
  return `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
}
