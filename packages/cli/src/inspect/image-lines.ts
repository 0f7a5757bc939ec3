import type { InspectedContainerImage } from "../container/inspect-image.ts";
import { columns, type createPaint, printable, sizeText } from "../output.ts";

const MAX_CREATED_BY = 70;

/** An image as a person reads it, without the APIs of its bento. */
export function imageLines(image: InspectedContainerImage, paint: ReturnType<typeof createPaint>): readonly string[] {
  const { runtimeVersion, nodeVersion } = image.bento;
  const rows = [
    ["id", image.id],
    ...image.repoDigests.map((digest) => ["digest", digest]),
    ["platform", image.platform],
    ["base", image.base ?? "not named"],
    ["versions", `Node ${nodeVersion}, @bento-ts/runtime ${runtimeVersion}`],
    ["user", image.user === "" ? "root" : image.user],
    ["ports", image.ports.join(", ")],
    ["entrypoint", image.entrypoint.join(" ")],
    ...image.env.map((setting) => ["env", setting]),
    ...Object.entries(image.labels).map(([name, value]) => ["label", `${name}=${value}`]),
    ["size", `${sizeText(image.bytes)} in ${image.layers.length} layers`],
    ...image.layers.map(({ bytes, createdBy }) => [
      "layer",
      `${sizeText(bytes)}  ${createdBy.slice(0, MAX_CREATED_BY)}`,
    ]),
  ];
  return [
    paint.bold(printable(image.reference)),
    ...columns(
      rows.map(([name = "", text = ""]) => [name, printable(text)]),
      "  ",
    ),
    "",
  ];
}
