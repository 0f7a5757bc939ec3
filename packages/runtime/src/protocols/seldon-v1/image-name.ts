/** Name and version of an image, split at its last colon; null for what is not there. Source: Seldon v1, metadata and metrics of a component. */
export function splitImage(image: string | null): {
  readonly name: string | null;
  readonly version: string | null;
} {
  const colon = image?.lastIndexOf(":") ?? -1;
  if (image === null || colon < 0) return { name: image, version: null };
  return { name: image.slice(0, colon), version: image.slice(colon + 1) };
}
