import type { BlobStore } from "../blobs/blob-store.ts";
import { findRecord, putRecord } from "../blobs/records.ts";
import { isElf } from "../native/elf.ts";
import { type ImageTree, readTree } from "./image-tree.ts";
import type { PlatformImage } from "./pick-platform.ts";

/** What the files of a base say of it. */
export interface BaseFacts {
  readonly hasShell: boolean;
  readonly hasSleep: boolean;
  /** Libraries of `NEEDED_LIBRARIES` that are not there. */
  readonly missingLibraries: readonly string[];
  readonly isMusl: boolean;
  /** `2.36`; null without glibc, or where it does not say. */
  readonly glibc: string | null;
  readonly hasGlibc: boolean;
  /** As images write it, of the C library; null for one that images are not made for. */
  readonly architecture: string | null;
}

/** What Node and native packages link against besides the C library. */
const NEEDED_LIBRARIES = ["libstdc++.so.6", "libgcc_s.so.1"];

/** Reads the layers of a base for its facts, once: they are kept. */
export async function baseFacts(
  { manifest }: PlatformImage,
  { blobs, signal }: { readonly blobs: BlobStore; readonly signal?: AbortSignal | undefined },
): Promise<BaseFacts> {
  const digests = manifest.layers.map(({ digest }) => digest);
  const name = { kind: "base-facts", key: `2 ${digests.join(" ")}` } as const;
  const known = await findRecord(blobs, name);
  if (known !== undefined) return known as BaseFacts;
  const paths = await Promise.all(digests.map((digest) => blobs.path(digest)));
  const facts = factsOf(await readTree(paths, signal));
  await putRecord(blobs, name, facts);
  return facts;
}

/** ELF's numbers of machines. Source: System V ABI, "e_machine". */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [62, "amd64"],
  [183, "arm64"],
]);

function factsOf(tree: ImageTree): BaseFacts {
  const isThere = (...places: readonly string[]): boolean => places.some((place) => tree.find(place) !== undefined);
  const libc = tree.findLibrary("libc.so.6");
  const head = (libc ?? tree.find("bin/sh"))?.head;
  return {
    hasShell: isThere("bin/sh"),
    hasSleep: isThere("bin/sleep", "usr/bin/sleep"),
    missingLibraries: NEEDED_LIBRARIES.filter((name) => tree.findLibrary(name) === undefined),
    isMusl: tree.hasMusl,
    hasGlibc: libc !== undefined,
    glibc: libc?.glibc ?? null,
    architecture: head !== undefined && isElf(head) ? (MACHINES.get(head.readUInt16LE(18)) ?? null) : null,
  };
}
