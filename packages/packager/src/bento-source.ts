import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { BentoSource } from "@bento-ts/runtime/definition";
import { owningPackage } from "./dependencies/installed-package.ts";
import type { Lockfile } from "./dependencies/lockfile.ts";
import type { PlacedPackage } from "./dependencies/walk-closure.ts";

/** Packages that decide what a model answers, whoever asks for them. */
const ENGINES: readonly string[] = ["onnxruntime-node", "sharp"];

/** What bento.json says of what a bento was made of. */
export function bentoSource(
  lockfile: Lockfile | undefined,
  { packages, revision }: { readonly packages: readonly PlacedPackage[]; readonly revision: string | undefined },
): BentoSource {
  const telling = packages.filter(
    ({ askedBy, package: { json } }) => askedBy.length === 0 || ENGINES.includes(json.name),
  );
  return {
    packagerVersion: packagerVersion(),
    lockfile: lockfile === undefined ? null : { name: basename(lockfile.path), digest: sha256(lockfile.text) },
    revision: revision ?? null,
    packages: Object.fromEntries(telling.map(({ package: { json } }) => [json.name, json.version])),
  };
}

/** Version of this package. */
export function packagerVersion(): string {
  return owningPackage(dirname(fileURLToPath(import.meta.url)))?.json.version ?? "";
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
