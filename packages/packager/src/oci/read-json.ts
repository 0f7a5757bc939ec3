import { stat, readFile } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { type Descriptor, MEDIA_TYPES, type OciConfig, type OciIndex, type OciManifest } from "./types.ts";

/** Largest manifest, index or configuration that is read, in bytes. Source: OCI Distribution 1.1 asks registries to take manifests of 4 MiB. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** What a descriptor of an image or of several may point at. */
export type OciRoot =
  { readonly kind: "manifest"; readonly manifest: OciManifest } | { readonly kind: "index"; readonly index: OciIndex };

/** Reads an index or a manifest. Throws FAILED_PRECONDITION when the blob is neither. */
export async function readRoot(descriptor: Descriptor, blobs: BlobStore): Promise<OciRoot> {
  const json = await readObject(descriptor, blobs);
  if (Array.isArray(json["manifests"]) && json["manifests"].every(isDescriptor))
    return { kind: "index", index: json as unknown as OciIndex };
  if (isDescriptor(json["config"]) && Array.isArray(json["layers"]) && json["layers"].every(isDescriptor)) {
    return { kind: "manifest", manifest: json as unknown as OciManifest };
  }
  throw refused(descriptor, "is neither a manifest nor an index of an image");
}

/** Reads the configuration of an image. Throws FAILED_PRECONDITION when the blob is none. */
export async function readConfig(descriptor: Descriptor, blobs: BlobStore): Promise<OciConfig> {
  const json = await readObject(descriptor, blobs);
  const rootfs = json["rootfs"];
  const diffIds = isObject(rootfs) ? rootfs["diff_ids"] : undefined;
  const isWhole =
    typeof json["architecture"] === "string" &&
    typeof json["os"] === "string" &&
    isTexts(diffIds) &&
    isRun(json["config"]);
  if (isWhole) return json as unknown as OciConfig;
  throw refused(descriptor, "is no configuration of an image");
}

/** Whether a media type is that of an index, OCI's or Docker's. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.index || mediaType === MEDIA_TYPES.dockerIndex;
}

async function readObject(descriptor: Descriptor, blobs: BlobStore): Promise<Readonly<Record<string, unknown>>> {
  const path = await blobs.find(descriptor.digest);
  if (path === undefined) throw refused(descriptor, "is missing");
  if ((await stat(path)).size > MAX_JSON_BYTES) throw refused(descriptor, "is larger than 4 MiB");
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isObject(value)) return value;
  } catch (cause) {
    throw refused(descriptor, "is no JSON", cause);
  }
  throw refused(descriptor, "holds no JSON object");
}

/** Whether a value names some bytes. */
export function isDescriptor(value: unknown): value is Descriptor {
  return isObject(value) && typeof value["digest"] === "string" && typeof value["size"] === "number";
}

/** What an image inherits of its base; tools write null for nothing. */
function isRun(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (!isObject(value)) return false;
  const { Env, ExposedPorts, Labels } = value;
  const isEnv = Env === undefined || Env === null || isTexts(Env);
  return isEnv && [ExposedPorts, Labels].every((one) => one === undefined || one === null || isObject(one));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function refused({ digest }: Descriptor, what: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `the image can't be read: ${digest} ${what}`, { cause });
}
