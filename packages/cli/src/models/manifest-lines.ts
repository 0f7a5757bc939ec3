import type { ModelManifest, StoredModel } from "@bento-ts/runtime/models-store";
import { columns, type createPaint, printable, sizeText } from "../output.ts";

/** `name:version`. */
export function tagOf({ name, version }: Pick<ModelManifest, "name" | "version">): string {
  return `${name}:${version}`;
}

/** All models as a table; what to do when there are none. */
export function manifestTable(
  manifests: readonly ModelManifest[],
  storeDir: string,
  paint: ReturnType<typeof createPaint>,
): readonly string[] {
  if (manifests.length === 0) return [`no models in ${storeDir}; "bento-ts models import TAG PATH" brings one in`];
  const rows = manifests.map((manifest) => [
    tagOf(manifest),
    sizeText(totalBytes(manifest)),
    manifest.createdAt.slice(0, 10),
    manifest.digest.slice(0, "sha256:".length + 12),
  ]);
  const [head = "", ...lines] = columns([["TAG", "SIZE", "IMPORTED", "DIGEST"], ...rows]);
  return [paint.bold(head), ...lines];
}

/** What the store knows of one model. */
export function manifestLines(stored: StoredModel): readonly string[] {
  const facts = [
    ["tag", tagOf(stored)],
    ["format", stored.format],
    ["digest", stored.digest],
    ["imported", stored.createdAt],
    ["path", stored.path],
    ...stored.files.map(({ path, size }) => ["file", `${path} (${sizeText(size)})`]),
    ...Object.entries(stored.metadata).map(([name, value]) => [`metadata ${printable(name)}`, printable(value)]),
  ];
  return columns(facts);
}

function totalBytes({ files }: ModelManifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
