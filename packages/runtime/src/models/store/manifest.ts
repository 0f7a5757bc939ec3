import { ServingError } from "../../errors.ts";
import { digestOf } from "../digest.ts";
import { FORMATS, type ModelFormat } from "../model-format.ts";
import { isTag } from "./tag.ts";

/** One file of a stored model. */
export interface StoredFile {
  /** Relative to the model's folder, with slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** What the store knows of a model; stored as JSON under its tag. */
export interface ModelManifest {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  /** Digest of the content, "sha256:…". */
  readonly digest: string;
  readonly format: ModelFormat;
  /** The file that the engine opens, one of `files`. */
  readonly main: string;
  readonly files: readonly StoredFile[];
  /** When it was imported, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** What the author wanted to remember of it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest manifest that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Writes a manifest as it is stored: readable, and the same for the same model. */
export function encodeManifest(manifest: ModelManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * Parses a manifest, which may come from a stranger's archive.
 *
 * Throws FAILED_PRECONDITION for anything but a whole manifest whose paths stay inside the model's folder and whose digest is that of its files.
 */
export function parseManifest(text: string, where: string): ModelManifest {
  const manifest = parseJson(text, where) as Partial<ModelManifest> | null;
  const fault = typeof manifest === "object" && manifest !== null ? manifestFault(manifest) : "expected an object";
  if (fault !== undefined) throw damaged(where, fault);
  return manifest as ModelManifest;
}

/** Checks an author's metadata: texts by name, 64 KiB at most. Throws INVALID_ARGUMENT. */
export function assertMetadata(metadata: unknown): asserts metadata is ModelManifest["metadata"] {
  if (isMetadata(metadata)) return;
  throw new ServingError("INVALID_ARGUMENT", "metadata: expected an object of texts, 64 KiB at most");
}

/** Whether a path is relative, stays inside its folder and means the same on every system. */
export function isInnerPath(path: unknown): path is string {
  if (typeof path !== "string" || path.length > 1024 || /[\\:\p{Cc}]/u.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function manifestFault(manifest: Partial<ModelManifest>): string | undefined {
  const { formatVersion, name, version, digest, format, main, files, createdAt, metadata } = manifest;
  if (formatVersion !== 1)
    return `expected formatVersion 1, got ${JSON.stringify(formatVersion)}; a newer bento-ts may have written it`;
  if (!isTag(`${String(name)}:${String(version)}`)) return "expected a name and a version";
  if (typeof format !== "string" || !Object.hasOwn(FORMATS, format)) {
    return `expected a format among ${Object.keys(FORMATS).join(", ")}, got ${JSON.stringify(format)}; a newer bento-ts may have written it`;
  }
  if (!Array.isArray(files) || files.length === 0 || !files.every(isStoredFile))
    return "expected files, each with path, size and sha256";
  if (new Set(files.map(({ path }) => path)).size !== files.length) return "expected each file once";
  if (!files.some(({ path }) => path === main)) return "expected main to be one of the files";
  if (digest !== digestOf(files)) return "its digest is not that of its files";
  if (typeof createdAt !== "string" || Number.isNaN(Date.parse(createdAt))) return "expected createdAt as a date";
  return isMetadata(metadata) ? undefined : "expected metadata as texts by name";
}

/** Whether a value is an entry of a list of files. */
export function isStoredFile(file: unknown): file is StoredFile {
  if (typeof file !== "object" || file === null || !("path" in file) || !("size" in file) || !("sha256" in file))
    return false;
  const { path, size, sha256 } = file;
  return (
    isInnerPath(path) &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0 &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

const MAX_METADATA_LENGTH = 64 * 1024;

function isMetadata(metadata: unknown): metadata is ModelManifest["metadata"] {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return false;
  return (
    Object.values(metadata).every((value) => typeof value === "string") &&
    JSON.stringify(metadata).length <= MAX_METADATA_LENGTH
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(where, "expected JSON", cause);
  }
}

function damaged(where: string, fault: string, cause?: unknown): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `${where} is not a model manifest: ${fault}`,
    cause === undefined ? {} : { cause },
  );
}
