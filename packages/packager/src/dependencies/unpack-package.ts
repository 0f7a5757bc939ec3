import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { tarEntries } from "../oci/tar-entries.ts";

/** Unpacks an npm package's tarball into a folder, without the one that all its files lie in. Throws FAILED_PRECONDITION for a path that leaves it, and for no tarball. */
export async function unpackPackage(
  tarball: string,
  to: string,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(to, { recursive: true });
  for await (const { header, bytes } of tarEntries(tarball, { name: `the package ${name}`, signal })) {
    // npm packs no links.
    if (header.type !== "file") continue;
    const path = header.name.slice(header.name.indexOf("/") + 1);
    if (path.split(/[/\\]/).some((part) => part === ".." || part === "") || path.includes("\0")) {
      throw new ServingError("FAILED_PRECONDITION", `the package ${name} holds a file outside of its folder`);
    }
    await mkdir(dirname(join(to, path)), { recursive: true });
    await pipeline(bytes, createWriteStream(join(to, path)), { signal });
  }
}
