import { ServingError } from "@bento-ts/runtime/definition";
import { isTag } from "@bento-ts/runtime/models-store";
import { digestOfFiles, type ListedFile } from "../files/file-list.ts";

/** What the store knows of a bento. The same bento has the same manifest, whoever has stored it and when. */
export interface BentoManifest {
  readonly formatVersion: 1;
  readonly name: string;
  /** The service's version, with "_" for "+". */
  readonly version: string;
  /** Digest of all files, "sha256:…". */
  readonly digest: string;
  /** As container engines write it: `linux/amd64`. */
  readonly platform: string;
  /** Sorted by the code units of their paths. */
  readonly files: readonly ListedFile[];
}

/** Largest manifest that is read, in bytes: that of some 200 000 files. */
export const MAX_MANIFEST_BYTES: number = 64 * 1024 * 1024;

export function encodeBentoManifest({ formatVersion, name, version, digest, platform, files }: BentoManifest): string {
  const rows = files.map(({ path, isProgram, size, sha256 }) => JSON.stringify({ path, isProgram, size, sha256 }));
  const head = JSON.stringify({ formatVersion, name, version, digest, platform });
  return `${head.slice(0, -1)},"files":[\n${rows.join(",\n")}\n]}\n`;
}

/**
 * Parses a manifest, which may come from a stranger's archive.
 *
 * Throws FAILED_PRECONDITION for anything but a whole manifest whose paths stay inside the bento, don't meet, and whose digest is that of its files.
 */
export function parseBentoManifest(text: string, where: string): BentoManifest {
  const manifest = parseJson(text, where);
  const fault = manifestFault(manifest);
  if (fault !== undefined) throw damaged(where, fault);
  return manifest as BentoManifest;
}

function manifestFault(manifest: Partial<BentoManifest>): string | undefined {
  const { formatVersion, name, version, digest, platform, files } = manifest;
  if (formatVersion !== 1)
    return `expected formatVersion 1, got ${JSON.stringify(formatVersion)}; a newer bento-ts may have written it`;
  if (!isTag(`${String(name)}:${String(version)}`)) return "expected a name and a version";
  if (typeof platform !== "string" || !/^[a-z0-9]+\/[a-z0-9/]+$/.test(platform)) return "expected a platform";
  if (!Array.isArray(files) || !files.every(isListedFile))
    return "expected files, each with a path inside of the bento, isProgram, size and sha256";
  const paths = files.map(({ path }) => path);
  if (paths.some((path, at) => at > 0 && path <= (paths[at - 1] ?? ""))) return "expected each file once, in order";
  const all = new Set(paths);
  const folder = paths.flatMap(foldersOf).find((path) => all.has(path));
  if (folder !== undefined) return `${JSON.stringify(folder)} is a file and a folder`;
  return digest === digestOfFiles(files) ? undefined : "its digest is not that of its files";
}

function isListedFile(file: Partial<ListedFile> | null): file is ListedFile {
  if (typeof file !== "object" || file === null) return false;
  const { path, isProgram, size, sha256 } = file;
  return (
    isInnerPath(path) &&
    typeof isProgram === "boolean" &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0 &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

/** Whether a path is relative, stays inside its folder and steers no terminal. */
function isInnerPath(path: unknown): path is string {
  if (typeof path !== "string" || path.length > 4096 || /[\\\p{Cc}]/u.test(path) || /^[A-Za-z]:/.test(path))
    return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

function parseJson(text: string, where: string): Partial<BentoManifest> {
  try {
    const value = JSON.parse(text) as Partial<BentoManifest> | null;
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw damaged(where, "expected JSON", cause);
  }
  throw damaged(where, "expected an object");
}

function damaged(where: string, fault: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `${where} is no list of a bento's files: ${fault}`, { cause });
}
