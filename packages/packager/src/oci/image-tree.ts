import { posix } from "node:path";
import { type TarEntry, tarEntries } from "./tar-entries.ts";

/** A file of an image, as far as the fitness of a base depends on it. */
export interface TreeFile {
  /** Its first bytes, 64 at most. */
  readonly head: Buffer;
  /** What a C library says of itself, as `2.36`. */
  readonly glibc?: string | undefined;
}

/** The files that a container of an image sees. */
export interface ImageTree {
  /** The file at a path, symbolic links followed inside the image; undefined for a folder and for nothing. */
  find(path: string): TreeFile | undefined;
  /** The first library of that name in a folder where the loader looks. */
  findLibrary(name: string): TreeFile | undefined;
  readonly hasMusl: boolean;
}

type Node = { readonly layer: number } & (
  | ({ readonly kind: "file" } & TreeFile)
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "folder" }
);

/**
 * Reads the layers of an image, the lowest first.
 *
 * Throws FAILED_PRECONDITION for a layer that is no whole tar. Source: OCI Image Format 1.1, "Applying Changesets" and "Whiteouts".
 */
export async function readTree(paths: readonly string[], signal?: AbortSignal): Promise<ImageTree> {
  const nodes = new Map<string, Node>();
  for (const [layer, path] of paths.entries()) {
    for await (const entry of tarEntries(path, { name: `layer ${layer + 1} of the base image`, signal })) {
      await apply(nodes, entry, layer);
    }
  }
  return {
    find: (path) => fileAt(nodes, path),
    findLibrary: (name) => {
      const places = [...nodes.keys()].filter((path) => LIBRARY_FOLDER.test(posix.dirname(path)));
      const found = places.filter((path) => posix.basename(path) === name).map((path) => fileAt(nodes, path));
      return found.find((file) => file !== undefined);
    },
    hasMusl: [...nodes.keys()].some((path) => /^(?:usr\/)?lib\/ld-musl-[^/]+\.so\.1$/.test(path)),
  };
}

/** Debian's, Red Hat's and others' folders. */
const LIBRARY_FOLDER = /^(?:usr\/)?lib(?:64)?(?:\/(?:x86_64|aarch64)-linux-gnu)?$/;
/** Older ones lie under their version, and `libc.so.6` links there. */
const LIBC = /^(?:libc\.so\.6|libc-2\.\d+\.so)$/;
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

async function apply(nodes: Map<string, Node>, { header, bytes }: TarEntry, layer: number): Promise<void> {
  const path = plain(header.name);
  const name = posix.basename(path);
  const folder = posix.dirname(path);
  if (name === OPAQUE) return removeBelow(nodes, folder, layer);
  if (name.startsWith(WHITEOUT)) {
    const hidden = posix.join(folder, name.slice(WHITEOUT.length));
    if ((nodes.get(hidden)?.layer ?? layer) < layer) nodes.delete(hidden);
    return removeBelow(nodes, hidden, layer);
  }
  const target = header.linkname ?? "";
  if (header.type === "directory") nodes.set(path, { kind: "folder", layer });
  else if (header.type === "symlink") nodes.set(path, { kind: "link", target, layer });
  else if (header.type === "link") {
    const other = nodes.get(plain(target));
    if (other !== undefined) nodes.set(path, { ...other, layer });
  } else if (header.type === "file" || header.type === "contiguous-file") {
    nodes.set(path, { kind: "file", layer, ...(await readHead(name, bytes)) });
  }
}

function removeBelow(nodes: Map<string, Node>, folder: string, layer: number): void {
  const prefix = folder === "." ? "" : `${folder}/`;
  for (const [path, node] of nodes) if (path.startsWith(prefix) && node.layer < layer) nodes.delete(path);
}

const HEAD_BYTES = 64;

async function readHead(name: string, bytes: AsyncIterable<Uint8Array>): Promise<TreeFile> {
  const isLibc = LIBC.test(name);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    if (!isLibc && length >= HEAD_BYTES) continue;
    parts.push(chunk);
    length += chunk.length;
  }
  const whole = Buffer.concat(parts);
  // Source: glibc's banner, "GNU C Library (Debian GLIBC 2.36-9+deb12u9) stable release version 2.36.".
  const glibc = isLibc
    ? /GNU C Library .{1,80}? release version (\d+\.\d+)/.exec(whole.toString("latin1"))?.[1]
    : undefined;
  return { head: Buffer.from(whole.subarray(0, HEAD_BYTES)), glibc };
}

/** Links that lead in a circle end here, as they do in Linux. */
const MAX_LINKS = 40;

function fileAt(nodes: ReadonlyMap<string, Node>, path: string): TreeFile | undefined {
  let rest = plain(path).split("/");
  let at = "";
  for (let links = 0; rest.length > 0;) {
    const [name = "", ...after] = rest;
    const here = posix.join(at, name);
    const node = nodes.get(here);
    if (node?.kind === "link") {
      if (++links > MAX_LINKS) return undefined;
      const target = node.target.startsWith("/") ? plain(node.target) : plain(posix.join("/", at, node.target));
      rest = [...target.split("/"), ...after];
      at = "";
      continue;
    }
    if (node?.kind === "file") return after.length === 0 ? node : undefined;
    // Layers need not list the folders above their files.
    at = here;
    rest = after;
  }
  return undefined;
}

/** Paths in tars may begin with "./" or "/", and folders end with "/". */
function plain(path: string): string {
  return posix.normalize(`/${path}`).replaceAll(/^\/|\/$/g, "");
}
