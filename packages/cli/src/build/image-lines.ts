import type { ImagePlace, MadeImage } from "@bento-ts/packager";
import type { createPaint } from "../output.ts";
import { sizeText } from "../output.ts";

interface LineOptions {
  readonly paint: ReturnType<typeof createPaint>;
  readonly shownPath: (path: string) => string;
}

/** The report of an image for a person: its size, what of it is new, where it is, and how it is started from there. */
export function imageLines(image: MadeImage, { paint, shownPath }: LineOptions): readonly string[] {
  return [
    `${paint.green("image")}  ${image.tags.join(", ")}  ${sizesText(image)} on ${image.base}`,
    `       ${paint.dim(image.digest ?? image.id ?? "")}`,
    ...image.platforms.map(({ platform, layers }) => {
      const texts = layers.map(
        ({ name, descriptor, isReused }) => `${name} ${sizeText(descriptor.size)}${isReused ? "" : " new"}`,
      );
      return `       ${platform}: ${texts.join(", ")}`;
    }),
    ...image.places.map((place) => `       ${placeText(place, shownPath)}`),
    ...nextLine(image, shownPath),
  ];
}

function sizesText({ bytes }: MadeImage): string {
  if (bytes.compressed !== null) return `${sizeText(bytes.compressed)} compressed`;
  return bytes.uncompressed === null ? "" : sizeText(bytes.uncompressed);
}

function placeText({ kind, at }: ImagePlace, shownPath: LineOptions["shownPath"]): string {
  switch (kind) {
    case "engine":
      return `in the engine: ${at}`;
    case "archive":
      return `tar for engines: ${shownPath(at)}`;
    case "layout":
      return `OCI layout: ${shownPath(at)}`;
    case "registry":
      return `in the registry: ${at}`;
  }
}

function nextLine({ places, tags, id }: MadeImage, shownPath: LineOptions["shownPath"]): readonly string[] {
  const [place] = places;
  if (place === undefined) return [];
  if (place.kind === "archive") return [`next: docker load --input ${shownPath(place.at)}`];
  if (place.kind === "layout") {
    return [
      `next: skopeo copy oci:${shownPath(place.at)}:${tags[0] ?? ""} docker://REGISTRY/NAME, or build with --push`,
    ];
  }
  const consent = ["ALLOW_ANONYMOUS", "ALLOW_INSECURE_CONNECTIONS"].map((key) => `-e BENTO_SECURITY_${key}=true`);
  const name = place.kind === "registry" ? place.at : (tags[0] ?? id ?? "");
  const engine = place.kind === "engine" ? place.at : "docker";
  return [`next: ${engine} run --rm -p 127.0.0.1:3000:3000 ${consent.join(" ")} ${name}`];
}
