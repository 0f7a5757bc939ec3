import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { diskFault, makeFolder } from "../files/disk-fault.ts";
import { homeFolder } from "../files/home-folder.ts";

/** Bytes by their digest, in a folder that all builds of a user share. */
export interface BlobStore {
  /** Absolute folder. */
  readonly dir: string;
  /** Absolute path of a blob that is there, undefined of one that is not; marks it as used. */
  find(digest: string): Promise<string | undefined>;
  /** As `find`, for one that was put in before. Throws FAILED_PRECONDITION when it is not there. */
  path(digest: string): Promise<string>;
  /** The bytes of a blob. Throws FAILED_PRECONDITION when it is not there. */
  open(digest: string): Promise<Readable>;
  /**
   * Takes bytes in; whole or not at all. Throws FAILED_PRECONDITION when they have another digest or size than expected.
   */
  put(bytes: Readable | Uint8Array, expected?: ExpectedBlob, signal?: AbortSignal): Promise<StoredBlob>;
}

export interface ExpectedBlob {
  readonly digest?: string;
  /** In bytes. */
  readonly size?: number;
}

export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

/** The folder of layers and base images that builds keep: `$BENTO_HOME/cache`, `~/.bento-ts/cache` unless that is set. */
export function buildCacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return homeFolder("cache", env);
}

/** Opens the store in a folder, which is made when something is put in. */
export function openBlobStore(dir: string): BlobStore {
  const place = (digest: string): string => join(dir, "blobs", "sha256", hexOf(digest));
  const find = async (digest: string): Promise<string | undefined> => {
    const path = place(digest);
    const now = new Date();
    // What was not used for long may be taken away: see trim-cache.
    return utimes(path, now, now).then(
      () => path,
      () => undefined,
    );
  };
  const pathOf = async (digest: string): Promise<string> => {
    const path = await find(digest);
    if (path === undefined) throw refused(`the blob ${digest} is not in ${dir}: build again`);
    return path;
  };
  return {
    dir,
    find,
    path: pathOf,
    open: async (digest) => createReadStream(await pathOf(digest), { highWaterMark: 1024 * 1024 }),
    async put(bytes, expected = {}, signal) {
      const temporary = join(dir, "tmp", randomUUID());
      await makeFolder(join(dir, "tmp"));
      try {
        const stored = await writeHashed(bytes, temporary, signal);
        assertExpected(stored, expected);
        await mkdir(join(dir, "blobs", "sha256"), { recursive: true });
        await rename(temporary, place(stored.digest));
        return stored;
      } catch (cause) {
        throw diskFault(cause, dir);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

async function writeHashed(bytes: Readable | Uint8Array, path: string, signal?: AbortSignal): Promise<StoredBlob> {
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const source = bytes instanceof Uint8Array ? [bytes] : bytes;
  await pipeline(source, hashing, createWriteStream(path), signal === undefined ? {} : { signal });
  return { digest: `sha256:${hash.digest("hex")}`, size: (await stat(path)).size };
}

function assertExpected({ digest, size }: StoredBlob, expected: ExpectedBlob): void {
  if (expected.size !== undefined && expected.size !== size) {
    throw refused(`expected ${expected.size} bytes for ${expected.digest ?? "a blob"}, got ${size}`);
  }
  if (expected.digest !== undefined && expected.digest !== digest) {
    throw refused(`expected a blob with the digest ${expected.digest}, got one with ${digest}`);
  }
}

/** Only hexadecimal digits reach a path. */
function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw refused(`"${digest}" is no digest: expected "sha256:" and 64 hexadecimal digits`);
  return hex;
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
