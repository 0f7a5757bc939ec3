import { text } from "node:stream/consumers";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Descriptor, OciManifest, OciPlatform } from "../oci/types.ts";
import { downloadBlob } from "./download-blob.ts";
import { eachBounded } from "./each-bounded.ts";
import {
  ACCEPTED_MANIFESTS,
  type ManifestContent,
  MAX_MANIFEST_BYTES,
  ownMediaType,
  parseManifest,
  readStoredManifest,
  sha256Of,
} from "./manifest.ts";
import { type ImageReference, parseReference, referenceText } from "./reference.ts";
import { type RegistryOptions, resolveRegistryOptions } from "./registry-options.ts";
import { type RegistrySession, withRegistry } from "./registry-session.ts";
import { assertPlatform, selectPlatforms } from "./select-platforms.ts";

export interface PullOptions extends RegistryOptions {
  /** Those whose blobs are fetched. */
  readonly platforms: readonly OciPlatform[];
  /** Takes all that is fetched; what is in it is not fetched. */
  readonly blobs: BlobStore;
}

/** Downloads at one time. */
const AT_ONCE = 3;

/**
 * Fetches an image, or of an index the images for some platforms, from a registry into the store; gives what the reference stands for.
 *
 * Bytes are checked by digest and size. One that is named by digest and was fetched before needs no network.
 * Throws INVALID_ARGUMENT for what is no reference, FAILED_PRECONDITION when it is not there, not for a platform, not allowed or not what was promised, UNAVAILABLE
 * when the registry or the way to it failed again and again. Source: OCI Distribution 1.1, "Pull".
 */
export async function pullImage(reference: string, options: PullOptions): Promise<Descriptor> {
  const image = parseReference(reference);
  const stored = await findStored(image, options);
  if (stored !== undefined) return stored;
  const resolved = await resolveRegistryOptions(options);
  return withRegistry({ ...image, actions: "pull" }, resolved, async (session) => {
    const root = await fetchRoot(session, image, options.blobs);
    const name = referenceText(image);
    const images = await Promise.all(
      wantedImages(root, options.platforms, name).map((descriptor) =>
        fetchManifest(session, descriptor, options.blobs),
      ),
    );
    const download = (blob: Descriptor): Promise<void> =>
      downloadBlob(session, blob, { blobs: options.blobs, options: resolved });
    await eachBounded(blobsOf(images), AT_ONCE, download);
    if (root.content.kind === "image") await assertConfig(root.content.image, options, name);
    return root.descriptor;
  });
}

interface Root {
  readonly descriptor: Descriptor;
  readonly content: ManifestContent;
}

async function findStored(image: ImageReference, { blobs, platforms }: PullOptions): Promise<Descriptor | undefined> {
  if (image.digest === undefined || (await blobs.find(image.digest)) === undefined) return undefined;
  const json = await text(await blobs.open(image.digest));
  const root = toRoot(json, { mediaType: ownMediaType(json), digest: image.digest, name: referenceText(image) });
  const wanted = wantedImages(root, platforms, referenceText(image));
  const images = await Promise.all(wanted.map((descriptor) => readStoredManifest(blobs, descriptor)));
  const found = images.flatMap((content) => (content?.kind === "image" ? [content.image] : []));
  if (found.length < images.length) return undefined;
  const paths = await Promise.all(blobsOf(found).map(({ digest }) => blobs.find(digest)));
  if (paths.includes(undefined)) return undefined;
  if (root.content.kind === "image") await assertConfig(root.content.image, { blobs, platforms }, referenceText(image));
  return root.descriptor;
}

async function fetchRoot(session: RegistrySession, image: ImageReference, blobs: BlobStore): Promise<Root> {
  const name = referenceText(image);
  const { bytes, mediaType } = await getManifest(session, image.digest ?? image.tag ?? "latest", name);
  const json = bytes.toString();
  const { digest } = await blobs.put(bytes, image.digest === undefined ? {} : { digest: image.digest });
  return toRoot(json, { mediaType: mediaType ?? ownMediaType(json), digest, name });
}

function toRoot(
  json: string,
  { mediaType = "", digest, name }: { mediaType: string | undefined; digest: string; name: string },
): Root {
  const content = parseManifest(json, mediaType, name);
  return { descriptor: { mediaType, digest, size: Buffer.byteLength(json) }, content };
}

async function fetchManifest(session: RegistrySession, descriptor: Descriptor, blobs: BlobStore): Promise<OciManifest> {
  const { digest, size } = descriptor;
  const what = `the manifest ${digest}`;
  if ((await blobs.find(digest)) === undefined) {
    const { bytes } = await getManifest(session, digest, what);
    await blobs.put(bytes, { digest, size });
  }
  const content = await readStoredManifest(blobs, descriptor);
  if (content?.kind === "image") return content.image;
  throw new ServingError("FAILED_PRECONDITION", `${what} is an index within an index: expected an image`);
}

async function getManifest(
  session: RegistrySession,
  reference: string,
  what: string,
): Promise<{ readonly bytes: Buffer; readonly mediaType: string | undefined }> {
  const call = {
    method: "GET",
    url: `manifests/${reference}`,
    headers: { accept: ACCEPTED_MANIFESTS },
    expect: [200, 404],
    what,
  } as const;
  return session.fetch(call, async (reply) => {
    if (reply.status === 404) {
      await reply.drop();
      throw new ServingError(
        "FAILED_PRECONDITION",
        `${what} is not in the registry ${session.root.host}, or only for those who sign in`,
      );
    }
    const bytes = await reply.read(MAX_MANIFEST_BYTES);
    const promised = reply.header("docker-content-digest");
    if (promised?.startsWith("sha256:") === true && promised !== sha256Of(bytes)) {
      throw new ServingError(
        "FAILED_PRECONDITION",
        `${what}: the registry promised ${promised} and sent ${sha256Of(bytes)}`,
      );
    }
    return { bytes, mediaType: reply.header("content-type")?.split(";")[0]?.trim() };
  });
}

function wantedImages(
  { content, descriptor }: Root,
  platforms: readonly OciPlatform[],
  name: string,
): readonly Descriptor[] {
  return content.kind === "image" ? [descriptor] : selectPlatforms(content.index, platforms, name);
}

function blobsOf(images: readonly OciManifest[]): readonly Descriptor[] {
  const all = images.flatMap(({ config, layers }) => [config, ...layers]);
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

/** Only its configuration tells for what an image without an index is made. */
async function assertConfig(
  image: OciManifest,
  { blobs, platforms }: Pick<PullOptions, "blobs" | "platforms">,
  name: string,
): Promise<void> {
  const config = JSON.parse(await text(await blobs.open(image.config.digest))) as OciPlatform;
  assertPlatform(config, platforms, name);
}
