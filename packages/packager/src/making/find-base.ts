import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { OnBuildEvent } from "../progress.ts";
import { pullImage } from "../registry/pull-image.ts";
import { parseReference } from "../registry/reference.ts";
import { baseFromEngine } from "./base-from-engine.ts";
import { isBasePath } from "../oci/base-path.ts";
import { isImageArchive, readArchive } from "../oci/read-archive.ts";
import { isLayout, readLayout } from "../oci/read-layout.ts";
import { readRootfs } from "../oci/read-rootfs.ts";
import { tarEntries } from "../oci/tar-entries.ts";
import type { Descriptor } from "../oci/types.ts";

export interface FindBaseOptions {
  /** Folder against which a relative path is meant. */
  readonly baseDir: string;
  /** As container engines write them. */
  readonly platforms: readonly string[];
  readonly blobs: BlobStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onEvent?: OnBuildEvent | undefined;
}

/**
 * Takes a base image into the store of blobs: from an OCI layout, an image's tar or the tar of a root file system when it is a path; else, as engines do, the image of
 * that name in the Docker engine here, of which an event tells, and then the one in the registry. A name with a digest is the registry's alone.
 *
 * One image among several of a layout or a tar is named after a colon: `./base.tar:debian:12`. Throws FAILED_PRECONDITION when there is none.
 */
export async function findBase(base: string, options: FindBaseOptions): Promise<Descriptor> {
  if (isBasePath(base, options.baseDir)) return readPath(base, options);
  const { blobs, env, signal, onEvent } = options;
  const { digest } = parseReference(base);
  const found = digest === undefined ? await baseFromEngine(base, { blobs, env, signal }) : undefined;
  if (found !== undefined) {
    onEvent?.({ kind: "line", text: `${base} is the one in the Docker engine of this machine` });
    return found;
  }
  const platforms = options.platforms.map((text) => {
    const [os = "", architecture = ""] = text.split("/");
    return { os, architecture };
  });
  return pullImage(base, { platforms, blobs, env, signal, onEvent });
}

async function readPath(base: string, options: FindBaseOptions): Promise<Descriptor> {
  const { blobs, signal } = options;
  const { path, name } = await assertBaseAt(base, options);
  if (isLayout(path)) return readLayout(path, { blobs, name, signal });
  if (await isImageArchive(path, signal)) return readArchive(path, { blobs, name, signal });
  const [platform, ...others] = options.platforms;
  if (platform === undefined || others.length > 0) {
    throw refused(
      `the base image "${base}" is a root file system, which is for one platform: name an image with several`,
    );
  }
  return readRootfs(path, { platform, blobs, signal });
}

/** Finds a base that is a path. Throws FAILED_PRECONDITION where nothing is there, or neither an OCI layout nor the beginning of a tar. */
export async function assertBaseAt(
  base: string,
  { baseDir, signal }: { readonly baseDir: string; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly path: string; readonly name: string | undefined }> {
  const found = splitName(base, baseDir);
  const { path } = found;
  if (isLayout(path)) return found;
  if (!existsSync(path))
    throw refused(`the base image "${base}" is not there: expected an OCI layout or a tar at ${path}`);
  if (!statSync(path).isFile())
    throw refused(`the base image "${base}" is a folder and no OCI layout: ${path} lacks oci-layout`);
  for await (const _first of tarEntries(path, { name: `the base image "${base}"`, signal })) return found;
  throw refused(`the base image "${base}" is empty: expected a saved image or a root file system in ${path}`);
}

/** Takes the image's name off a path that does not exist as it stands. */
function splitName(base: string, baseDir: string): { readonly path: string; readonly name: string | undefined } {
  const whole = resolve(baseDir, base);
  if (existsSync(whole)) return { path: whole, name: undefined };
  for (let at = base.indexOf(":"); at !== -1; at = base.indexOf(":", at + 1)) {
    const path = resolve(baseDir, base.slice(0, at));
    if (existsSync(path)) return { path, name: base.slice(at + 1) };
  }
  return { path: whole, name: undefined };
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
