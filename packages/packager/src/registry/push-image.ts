import { buffer } from "node:stream/consumers";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Descriptor } from "../oci/types.ts";
import { eachBounded } from "./each-bounded.ts";
import { MAX_MANIFEST_BYTES, readStoredManifest } from "./manifest.ts";
import { parseReference, referenceText } from "./reference.ts";
import { type RegistryOptions, resolveRegistryOptions } from "./registry-options.ts";
import { type RegistrySession, withRegistry } from "./registry-session.ts";
import { uploadBlob, type UploadOutcome } from "./upload-blob.ts";

export interface PushOptions extends RegistryOptions {
  /** Has the image; blobs that the registry has already may be missing. */
  readonly blobs: BlobStore;
  /** References whose blobs the registry may have under another name, such as the base's: they are taken from there instead of being sent. */
  readonly mountFrom?: readonly string[];
}

/** An image in a registry. */
export interface PushReport {
  /** What others pull by: `HOST/NAME@sha256:…`. */
  readonly reference: string;
  readonly digest: string;
  /** How many blobs there was what to do for. */
  readonly blobs: Readonly<Record<UploadOutcome, number>>;
  readonly sentBytes: number;
}

/** Uploads at one time. */
const AT_ONCE = 3;

/**
 * Brings an image or an index into a registry: blobs that are missing there, then manifests, then the name; so a name never stands for something incomplete.
 *
 * The name's tag is `latest` unless the reference has another. Throws INVALID_ARGUMENT for what is no reference, FAILED_PRECONDITION when something of the image is
 * missing here or the registry refuses it, UNAVAILABLE when the registry or the way to it failed again and again. Source: OCI Distribution 1.1, "Push".
 */
export async function pushImage(root: Descriptor, reference: string, options: PushOptions): Promise<PushReport> {
  const image = parseReference(reference);
  if (image.digest !== undefined) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `"${reference}" has a digest: expected a name and tag to push to, the digest follows from the image`,
    );
  }
  const { blobs } = options;
  const { manifests, content } = await gather(root, blobs);
  const resolved = await resolveRegistryOptions(options);
  const [mountFrom] = (options.mountFrom ?? [])
    .map(parseReference)
    .filter(({ host, repository }) => host === image.host && repository !== image.repository);
  const sources = mountFrom === undefined ? [] : [mountFrom.repository];
  return withRegistry({ ...image, actions: "pull,push", sources }, resolved, async (session) => {
    const counts: Record<UploadOutcome, number> = { present: 0, mounted: 0, sent: 0 };
    let sentBytes = 0;
    await eachBounded(content, AT_ONCE, async (blob) => {
      const outcome = await uploadBlob(session, blob, { blobs, options: resolved, mountFrom: mountFrom?.repository });
      counts[outcome] += 1;
      if (outcome === "sent") sentBytes += blob.size;
    });
    for (const manifest of manifests) await putManifest(session, manifest, manifest.digest, blobs);
    await putManifest(session, root, image.tag ?? "latest", blobs);
    return {
      reference: referenceText({ ...image, tag: undefined, digest: root.digest }),
      digest: root.digest,
      blobs: counts,
      sentBytes,
    };
  });
}

/** Manifests, those that name others last, and the blobs of all. */
async function gather(
  root: Descriptor,
  blobs: BlobStore,
): Promise<{ readonly manifests: readonly Descriptor[]; readonly content: readonly Descriptor[] }> {
  const found = await readStoredManifest(blobs, root);
  if (found === undefined)
    throw new ServingError("FAILED_PRECONDITION", `the manifest ${root.digest} is not on this machine`);
  if (found.kind === "image")
    return { manifests: [root], content: unique([found.image.config, ...found.image.layers]) };
  const inner = await Promise.all(found.index.manifests.map((manifest) => gather(manifest, blobs)));
  return {
    manifests: [...unique(inner.flatMap(({ manifests }) => manifests)), root],
    content: unique(inner.flatMap(({ content }) => content)),
  };
}

function unique(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

async function putManifest(
  session: RegistrySession,
  manifest: Descriptor,
  reference: string,
  blobs: BlobStore,
): Promise<void> {
  const bytes = await buffer(await blobs.open(manifest.digest));
  const what = `the manifest ${manifest.digest}`;
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${what} has ${bytes.length} bytes: registries take ${MAX_MANIFEST_BYTES}`,
    );
  const headers = { "content-type": manifest.mediaType, "content-length": String(bytes.length) };
  const call = {
    method: "PUT",
    url: `manifests/${reference}`,
    headers,
    body: async () => bytes,
    expect: [201],
    what,
  } as const;
  await session.fetch(call, async (reply) => {
    await reply.drop();
    const digest = reply.header("docker-content-digest");
    if (digest?.startsWith("sha256:") === true && digest !== manifest.digest) {
      throw new ServingError("FAILED_PRECONDITION", `${what}: the registry made ${digest} of it`);
    }
  });
}
