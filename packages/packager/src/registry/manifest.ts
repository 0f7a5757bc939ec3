import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { type Descriptor, MEDIA_TYPES, type OciIndex, type OciManifest } from "../oci/types.ts";

/** What a name in a registry stands for. */
export type ManifestContent =
  { readonly kind: "image"; readonly image: OciManifest } | { readonly kind: "index"; readonly index: OciIndex };

/** Source: OCI Distribution 1.1, "Pushing manifests": registries must take at least this much. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const KINDS: Readonly<Record<string, ManifestContent["kind"]>> = {
  [MEDIA_TYPES.index]: "index",
  [MEDIA_TYPES.dockerIndex]: "index",
  [MEDIA_TYPES.manifest]: "image",
  [MEDIA_TYPES.dockerManifest]: "image",
};

/** What is accepted, for the header of that name. */
export const ACCEPTED_MANIFESTS = Object.keys(KINDS).join(", ");

/** The digest of some bytes. */
export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Reads a manifest or index of OCI or Docker. Throws FAILED_PRECONDITION for anything else, which is told as that of `what`. */
export function parseManifest(json: string, mediaType: string, what: string): ManifestContent {
  const kind = KINDS[mediaType];
  if (kind === undefined) {
    throw refused(
      `${what} is of the type "${mediaType}": expected an image or index of OCI, or of Docker in its second version`,
    );
  }
  const parsed = parseJson(json, what) as {
    mediaType?: unknown;
    config?: unknown;
    layers?: unknown;
    manifests?: unknown;
  };
  // Source: OCI Image Format 1.1, "mediaType": what a document calls itself and what it was sent as must agree, or two readers see two things.
  if (parsed.mediaType !== undefined && parsed.mediaType !== mediaType)
    throw refused(`${what} was sent as "${mediaType}" and calls itself otherwise`);
  const descriptors =
    kind === "index"
      ? parsed.manifests
      : [parsed.config, ...(Array.isArray(parsed.layers) ? parsed.layers : [undefined])];
  if (!Array.isArray(descriptors) || !descriptors.every(isDescriptor)) {
    throw refused(`${what} is not well-formed: expected descriptors with a sha256 digest and a size`);
  }
  return kind === "index" ? { kind, index: parsed as OciIndex } : { kind, image: parsed as OciManifest };
}

/** A manifest or index that is in the store; undefined when it is not. */
export async function readStoredManifest(
  blobs: BlobStore,
  { digest, mediaType }: Pick<Descriptor, "digest" | "mediaType">,
): Promise<ManifestContent | undefined> {
  if ((await blobs.find(digest)) === undefined) return undefined;
  return parseManifest(await text(await blobs.open(digest)), mediaType, `the manifest ${digest}`);
}

/** The media type that a manifest calls itself; `undefined` when it does not say. */
export function ownMediaType(json: string): string | undefined {
  const { mediaType, manifests } = parseJson(json, "the manifest") as { mediaType?: unknown; manifests?: unknown };
  if (mediaType === undefined) return manifests === undefined ? MEDIA_TYPES.manifest : MEDIA_TYPES.index;
  return typeof mediaType === "string" ? mediaType : undefined;
}

function parseJson(json: string, what: string): object {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch {
    // The sentence below says it.
  }
  throw refused(`${what} is no JSON object`);
}

function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== "object" || value === null) return false;
  const { digest, size, mediaType } = value as Record<string, unknown>;
  const isDigest = typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest);
  return isDigest && Number.isSafeInteger(size) && Number(size) >= 0 && typeof mediaType === "string";
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
