import { join, resolve } from "node:path";
import { ServingError, toServingError } from "../errors.ts";
import { digestOf, sha256OfFile, shortDigest } from "./digest.ts";
import { findModelFiles, type ModelFiles } from "./model-files.ts";
import { createModelStore } from "./store/model-store.ts";
import { isTag } from "./store/tag.ts";
import type { ModelHost, ResolvedSource } from "./types.ts";

/**
 * Finds the file that a handle's source names: a store tag `name:version`, or a file or folder, relative ones against `baseDir`; or what replaces the source.
 *
 * Reads the whole content for its digest. Throws FAILED_PRECONDITION, naming the source as it was written and where it was looked for, when
 * it is missing, or when its content is not what the bento or the store recorded.
 */
export async function resolveSource(
  source: string,
  host: Pick<ModelHost, "baseDir" | "storeDir" | "digests" | "modelPaths" | "replacements" | "startedWith">,
): Promise<ResolvedSource> {
  const replacement = host.replacements?.get(source);
  const found =
    replacement === undefined ? await findOwn(source, host) : await findReplacement(source, replacement, host);
  const expected = own(host.startedWith, source);
  if (expected !== undefined) {
    const by = "this server started with";
    assertSame(source, { expected, digest: found.digest, by, advice: ": restart it to serve the new one" });
  }
  return { ...found, replacement };
}

async function findOwn(
  source: string,
  host: Pick<ModelHost, "baseDir" | "storeDir" | "digests" | "modelPaths">,
): Promise<Found> {
  const found = await find(source, own(host.modelPaths, source) ?? source, host);
  const expected = own(host.digests, source);
  if (expected !== undefined) assertSame(source, { expected, digest: found.digest, by: "this bento was built with" });
  return found;
}

async function findReplacement(source: string, replacement: string, host: Folders): Promise<Found> {
  try {
    return await find(replacement, replacement, host);
  } catch (cause) {
    const { code, message } = toServingError(cause);
    throw new ServingError(code, `model "${source}" is replaced, as the configuration says: ${message}`, { cause });
  }
}

/** Finds what stands at `place`, a tag or path; `name` is how messages call it. */
async function find(name: string, place: string, { baseDir, storeDir }: Folders): Promise<Found> {
  const { files, recorded } = isTag(place) ? await findInStore(place, storeDir) : await findOnDisk(place, baseDir);
  const digest = await digestOfFiles(name, files);
  if (recorded !== undefined) assertSame(name, { expected: recorded, digest, by: "was imported into the store" });
  return { path: join(files.root, files.main), digest };
}

function own(record: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

type Folders = Pick<ModelHost, "baseDir" | "storeDir">;
type Found = Pick<ResolvedSource, "path" | "digest">;

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
  found: { readonly expected: string; readonly digest: string; readonly by: string; readonly advice?: string },
): void {
  if (found.expected === found.digest) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `model "${source}" is not the one that ${found.by}: expected ${shortDigest(found.expected)}…, got ${shortDigest(found.digest)}…${found.advice ?? ""}`,
    { details: { expected: found.expected, got: found.digest } },
  );
}
