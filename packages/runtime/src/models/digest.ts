import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** One file of a model: its path relative to the model's folder, with slashes, and the SHA-256 of its bytes in hex. */
export interface FileDigest {
  readonly path: string;
  readonly sha256: string;
}

/**
 * The content digest of a model: `sha256:` and the hex digest of its only file (what `sha256sum` prints), or, for several files, that
 * of the lines `<sha256>␠␠<path>␊` sorted by path.
 */
export function digestOf(files: readonly FileDigest[]): string {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return `sha256:${only.sha256}`;
  const lines = files
    .map(({ path, sha256 }) => ({ path, line: `${sha256}  ${path}\n` }))
    .sort((a, b) => compare(a.path, b.path));
  return `sha256:${createHash("sha256")
    .update(lines.map(({ line }) => line).join(""))
    .digest("hex")}`;
}

/** The SHA-256 of a file in hex, read as a stream. Throws what reading throws. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** A digest short enough for a message. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

// By code unit, not by locale: the digest must be the same everywhere.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
