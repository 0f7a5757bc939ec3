import type { BentoFile } from "@bento-ts/runtime/definition";
import type { FoundImage } from "../target/find-image.ts";
import { openImage } from "./open-image.ts";

/** What an image is: its bento, and what a container of it gets. */
export interface InspectedContainerImage {
  readonly kind: "image";
  readonly reference: string;
  /** "sha256:…" of its configuration. */
  readonly id: string;
  /** Of registries that it came from or went to. */
  readonly repoDigests: readonly string[];
  readonly platform: string;
  /** Null where no label names it. */
  readonly base: string | null;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  readonly ports: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** All layers: uncompressed of an engine's image, as they lie there of one in a file. */
  readonly bytes: number;
  /** The lowest first; those without files are left out. */
  readonly layers: readonly { readonly bytes: number; readonly createdBy: string }[];
  readonly bento: BentoFile;
}

/** Reads an image of an engine; it is not run. Throws CommandError for one that holds no bento. */
export async function inspectContainerImage(found: FoundImage, signal?: AbortSignal): Promise<InspectedContainerImage> {
  const { engine, reference, image } = found;
  const opened = await openImage(engine, found, signal);
  await opened.close();
  const { Config: config } = image;
  const labels = config.Labels ?? {};
  return {
    kind: "image",
    reference,
    id: image.Id,
    repoDigests: image.RepoDigests ?? [],
    platform: `${image.Os}/${image.Architecture}`,
    base: labels["org.opencontainers.image.base.name"] ?? null,
    user: config.User ?? "",
    entrypoint: config.Entrypoint ?? [],
    env: config.Env ?? [],
    ports: Object.keys(config.ExposedPorts ?? {}),
    labels,
    bytes: image.Size,
    layers: await layersOf(found, signal),
    bento: opened.bento,
  };
}

async function layersOf(
  { engine, reference }: FoundImage,
  signal: AbortSignal | undefined,
): Promise<InspectedContainerImage["layers"]> {
  const format = "{{.Size}}\t{{.CreatedBy}}";
  const { stdout } = await engine.run(
    ["history", "--no-trunc", "--human=false", "--format", format, reference],
    signal,
  );
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  return rows
    .map(([size = "", createdBy = ""]) => ({ bytes: Number(size), createdBy }))
    .filter(({ bytes }) => bytes > 0)
    .toReversed();
}
