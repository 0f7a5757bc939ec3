import { join, resolve } from "node:path";
import { ServingError, toServingError } from "../errors.ts";
import { digestOf, sha256OfFile, shortDigest } from "./digest.ts";
import { findModelFiles, type ModelFiles } from "./model-files.ts";
import { createModelStore } from "./store/model-store.ts";
import { isTag } from "./store/tag.ts";
import type { ModelHost } from "./types.ts";

/** A model's file on this machine, and the digest of its content ("sha256:…"). */
export interface ResolvedSource {
  readonly path: string;
  readonly digest: string;
}

/**
 * Finds the file that a handle's source names: a store tag `name:version`, or a file or folder, relative ones against `baseDir`.
 *
 * Reads the whole content for its digest. Throws FAILED_PRECONDITION, naming the source as it was written and where it was looked for, when
 * it is missing, or when its content is not what the bento or the store recorded.
 */
export async function resolveSource(
  source: string,
  host: Pick<ModelHost, "baseDir" | "storeDir" | "digests" | "modelPaths">,
): Promise<ResolvedSource> {
  const { baseDir, storeDir, modelPaths = {} } = host;
  const inBento = Object.hasOwn(modelPaths, source) ? modelPaths[source] : undefined;
  const place =
    inBento === undefined && isTag(source)
      ? await findInStore(source, storeDir)
      : await findOnDisk(inBento ?? source, baseDir);
  const { root, main } = place.files;
  const digest = await digestOfFiles(source, place.files);
  if (place.recorded !== undefined)
    assertSame(source, { expected: place.recorded, digest, by: "was imported into the store" });
  const built = Object.hasOwn(host.digests, source) ? host.digests[source] : undefined;
  if (built !== undefined) assertSame(source, { expected: built, digest, by: "this bento was built with" });
  return { path: join(root, main), digest };
}

interface Place {
  readonly files: ModelFiles;
  /** Digest that the store has on record. */
  readonly recorded: string | undefined;
}

async function findInStore(source: string, storeDir: string): Promise<Place> {
  try {
    const { root, main, files, digest } = await createModelStore(storeDir).get(source);
    return { files: { root, main, paths: files.map(({ path }) => path) }, recorded: digest };
  } catch (cause) {
    // A missing model is no missing route: nobody but the operator can act on it.
    const { message } = toServingError(cause);
    throw new ServingError("FAILED_PRECONDITION", message, { cause });
  }
}

async function findOnDisk(source: string, baseDir: string): Promise<Place> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `model "${source}": expected a path or a store tag, got a URL; download it first`,
    );
  }
  const path = resolve(baseDir, source);
  try {
    return { files: await findModelFiles(path), recorded: undefined };
  } catch (cause) {
    const reason = cause instanceof ServingError ? cause.message : "it cannot be read";
    throw new ServingError("FAILED_PRECONDITION", `model "${source}" (looked for ${path}): ${reason}`, { cause });
  }
}

async function digestOfFiles(source: string, { root, paths }: ModelFiles): Promise<string> {
  try {
    return digestOf(
      await Promise.all(paths.map(async (path) => ({ path, sha256: await sha256OfFile(join(root, path)) }))),
    );
  } catch (cause) {
    throw new ServingError("FAILED_PRECONDITION", `model "${source}": its files in ${root} cannot be read`, { cause });
  }
}

function assertSame(
  source: string,
  found: { readonly expected: string; readonly digest: string; readonly by: string },
): void {
  if (found.expected === found.digest) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `model "${source}" is not the one that ${found.by}: expected ${shortDigest(found.expected)}…, got ${shortDigest(found.digest)}…`,
    { details: { expected: found.expected, got: found.digest } },
  );
}
