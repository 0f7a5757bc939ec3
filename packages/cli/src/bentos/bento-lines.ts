import type { StoredBento, TaggedBento } from "@bento-ts/packager";
import { tagOf } from "../models/manifest-lines.ts";
import { columns, type createPaint, printable, sizeText } from "../output.ts";

/** All bentos as a table; what to do when there are none. */
export function bentoTable(
  bentos: readonly TaggedBento[],
  storeDir: string,
  paint: ReturnType<typeof createPaint>,
): readonly string[] {
  if (bentos.length === 0) return [`no bentos in ${storeDir}; "bento-ts build" makes one`];
  const rows = bentos.map((bento) => [
    tagOf(bento),
    bento.platform,
    sizeText(totalBytes(bento)),
    bento.storedAt.slice(0, 16).replace("T", " "),
    bento.digest.slice(0, "sha256:".length + 12),
  ]);
  const [head = "", ...lines] = columns([["TAG", "PLATFORM", "SIZE", "STORED (UTC)", "DIGEST"], ...rows]);
  return [paint.bold(head), ...lines];
}

/** What the store knows of one bento; its packages are told as their folders, not file by file. */
export function bentoLines(bento: StoredBento): readonly string[] {
  const parts = new Map<string, { files: number; bytes: number }>();
  for (const { path, size } of bento.files) {
    const [part = ""] = path.split("/");
    const { files, bytes } = parts.get(part) ?? { files: 0, bytes: 0 };
    parts.set(part, { files: files + 1, bytes: bytes + size });
  }
  return columns([
    ["tag", tagOf(bento)],
    ["platform", bento.platform],
    ["digest", bento.digest],
    ["stored", bento.storedAt],
    ["path", bento.dir],
    ["size", `${sizeText(totalBytes(bento))} in ${bento.files.length} files`],
    ...[...parts].map(([part, { files, bytes }]) => [
      "part",
      printable(`${part} (${sizeText(bytes)}${files === 1 ? "" : ` in ${files} files`})`),
    ]),
  ]);
}

function totalBytes({ files }: TaggedBento): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
