import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { type BaseFacts, baseFacts } from "./base-facts.ts";
import type { PlatformImage } from "./pick-platform.ts";

/** Native packages of the runtime are linked against this one. Source: onnxruntime-node 1.30, Node 24. */
const MIN_GLIBC = [2, 28] as const;

/** Throws FAILED_PRECONDITION, one sentence with the next step, for a base in which a service would not start. */
export async function assertBase(
  image: PlatformImage,
  { name, ...options }: { readonly name: string; readonly blobs: BlobStore; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const problem = problemOf(await baseFacts(image, options), image.config.architecture);
  if (problem === undefined) return;
  throw new ServingError("FAILED_PRECONDITION", `the base image "${name}" ${problem}`);
}

function problemOf(facts: BaseFacts, wanted: string): string | undefined {
  if (facts.isMusl && !facts.hasGlibc) {
    return "is made for musl, and native packages need glibc 2.28 or newer: name one such as debian:12-slim";
  }
  if (!facts.hasGlibc) return "has no glibc: name one with glibc 2.28 or newer, such as debian:12-slim";
  if (facts.architecture !== null && facts.architecture !== wanted) {
    return `says that it is for linux/${wanted} and holds files for linux/${facts.architecture}: name one for linux/${wanted}`;
  }
  if (facts.glibc !== null && isOlder(facts.glibc)) {
    return `has glibc ${facts.glibc}, and native packages need ${MIN_GLIBC.join(".")} or newer: name one such as debian:12-slim`;
  }
  const [library] = facts.missingLibraries;
  if (library !== undefined) {
    return `lacks ${library}, which Node needs: add the package that has it (Debian: libstdc++6), or name one such as debian:12-slim with it`;
  }
  const program = facts.hasShell ? (facts.hasSleep ? undefined : "sleep") : "/bin/sh";
  if (program === undefined) return undefined;
  return `has no ${program}, which stopping in order in a cluster needs: name one with a shell, or add a static busybox to it`;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < MIN_GLIBC[0] || (major === MIN_GLIBC[0] && minor < MIN_GLIBC[1]);
}
