import { ServingError } from "../errors.ts";
import { digestOf } from "./digest.ts";
import type { ServiceDefinition } from "./types.ts";

/** Format of `bento.json` that this version writes and reads. */
export const BENTO_FORMAT_VERSION = 1;

/** Name of the file that makes a folder a bento. */
export const BENTO_FILE_NAME = "bento.json";

/** One file of a model, relative to the bento, with "/" between names. */
export interface BentoModelFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** One model of a bento. */
export interface BentoModel {
  /** As the author's code names it; for a model that stands where the code looks for it by an absolute path, that path relative to the bento. */
  readonly source: string;
  readonly engine: string;
  /** Where it lies in the bento; null for a model that is mounted when the service runs. */
  readonly path: string | null;
  /** Content digest "sha256:…" that the server checks when it loads the model; null for a mounted one. */
  readonly digest: string | null;
  readonly files: readonly BentoModelFile[];
}

/** Of what a bento was made. */
export interface BentoSource {
  /** The packager's. */
  readonly packagerVersion: string;
  /** The author's lockfile: its name and the digest "sha256:…" of its bytes; null for none. */
  readonly lockfile: { readonly name: string; readonly digest: string } | null;
  /** The commit; null where a tracked file differs from it, and outside of a repository. */
  readonly revision: string | null;
  /** Versions by name of the packages that the service itself asks for, and of its engines. */
  readonly packages: Readonly<Record<string, string>>;
}

/** What `bento.json` says: everything that a server needs to know before it loads any code. */
export interface BentoFile {
  readonly formatVersion: typeof BENTO_FORMAT_VERSION;
  readonly definition: ServiceDefinition;
  readonly definitionDigest: string;
  /** The bundled service, relative to the bento; its folder is the one that relative paths of the code mean. */
  readonly entry: string;
  readonly models: readonly BentoModel[];
  readonly runtimeVersion: string;
  readonly nodeVersion: string;
  /** As container engines write it: `linux/amd64`. */
  readonly platform: string;
  /** JSON Schemas of inputs and outputs by the API's name; bentos of before 2026-12 have none, nor `source`. */
  readonly schemas?: Readonly<Record<string, { readonly input: object; readonly output: object }>>;
  readonly source?: BentoSource;
}

/**
 * Reads the text of a `bento.json`.
 *
 * Throws FAILED_PRECONDITION for text that is none, for another format, for paths that leave the bento and for a definition that was changed after the build.
 */
export function parseBentoFile(text: string): BentoFile {
  const file = parseObject(text);
  if (file["formatVersion"] !== BENTO_FORMAT_VERSION) {
    throw refused(
      `it has format ${JSON.stringify(file["formatVersion"])}, this version reads ${BENTO_FORMAT_VERSION}: build it anew, or run it with the version that built it`,
    );
  }
  const { definition, definitionDigest, entry, models } = file;
  const versions = [file["runtimeVersion"], file["nodeVersion"], file["platform"]];
  if (!isObject(definition) || !isObject(definition["config"]) || !Array.isArray(definition["apis"])) {
    throw refused('"definition" is missing or no definition');
  }
  if (typeof entry !== "string" || !Array.isArray(models) || versions.some((version) => typeof version !== "string")) {
    throw refused('"entry", "models", "runtimeVersion", "nodeVersion" or "platform" is missing or of another type');
  }
  for (const path of [entry, ...models.flatMap(pathsOf)]) {
    if (!isInside(path)) throw refused(`${JSON.stringify(path)} is no path inside the bento`);
  }
  const parsed = file as unknown as BentoFile;
  if (digestOf(parsed.definition) !== definitionDigest) {
    throw refused("its definition was changed after the build: build it anew");
  }
  return parsed;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused("it is no JSON", cause);
  }
  if (!isObject(value)) throw refused("it holds no JSON object");
  return value;
}

function pathsOf(model: unknown): readonly unknown[] {
  if (!isObject(model) || !Array.isArray(model["files"])) return [undefined];
  const { source, engine, digest, path, files } = model;
  const isPlaced = typeof path === "string" && typeof digest === "string";
  if (typeof source !== "string" || typeof engine !== "string" || !(isPlaced || (path === null && digest === null))) {
    return [undefined];
  }
  const own = files.map((file: unknown) => (isObject(file) ? file["path"] : undefined));
  return isPlaced ? [path, ...own] : own;
}

function isInside(path: unknown): path is string {
  if (typeof path !== "string" || path === "" || /^[/\\]|^[A-Za-z]:|\\|\0/.test(path)) return false;
  return !path.split("/").some((name) => name === "" || name === "." || name === "..");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function refused(reason: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `${BENTO_FILE_NAME} can't be used: ${reason}`, { cause });
}
