import { basename } from "node:path";
import type { BentoReport, ImageReport, LeftOut, LeftOutReason } from "@bento-ts/packager";
import type { ExampleResult } from "../examples/run-example.ts";
import type { createPaint } from "../output.ts";
import { columns, printable, sizeText } from "../output.ts";

/** What `bento-ts build` has made. */
export interface BuildResult {
  readonly bento: BentoReport;
  /** How its golden examples went; none when they were not run. */
  readonly examples: readonly ExampleResult[];
  /** Null when only the bento was asked for. */
  readonly image: ImageReport | null;
}

/** Packages named one by one in the report. */
const SHOWN_PACKAGES = 4;

/** The report for a person: what went in, how large each part is, and what to do next. `dir` is the bento's folder as the user sees it. */
export function buildLines(
  { bento, examples, image, dir }: BuildResult & { readonly dir: string },
  paint: ReturnType<typeof createPaint>,
): readonly string[] {
  const { bytes, packages } = bento;
  const largest = packages.slice(0, SHOWN_PACKAGES).map(({ name, bytes: size }) => `${name} ${sizeText(size)}`);
  const rows = [
    ["Node", sizeText(bytes.node), bento.nodeVersion],
    ["dependencies", sizeText(bytes.dependencies), `${packages.length} packages: ${largest.join(", ")}, …`],
    ["models", sizeText(bytes.models), bento.models.map(({ source }) => basename(source)).join(", ")],
    ["service", sizeText(bytes.service), "code, source map, files"],
    ...leftOutRow(bento.leftOut),
  ];
  return [
    `${paint.bold(`${bento.name} ${bento.version}`)} for ${bento.platform}`,
    ...columns(rows, "  ").map(printable),
    ...(examples.length === 0 ? [] : [`  golden examples  ${examples.length} ok${largestText(examples)}`]),
    ...bento.warnings.map((warning) => paint.yellow(`warning: ${printable(warning)}`)),
    `${paint.green("bento")}  ${dir === "" ? "." : dir}  ${sizeText(bytes.total)}`,
    ...(image === null ? [`next: bento-ts serve ${dir}`] : imageLines(image, paint)),
  ];
}

const REASONS = {
  platforms: "other platforms",
  types: "types",
  maps: "source maps",
  tests: "tests",
  documents: "documents",
  sources: "sources of addons",
  unused: "other files",
} as const satisfies Record<LeftOutReason, string>;

/** What of the packages is not in the bento, by reason, the most first. */
function leftOutRow(leftOut: LeftOut): readonly (readonly string[])[] {
  const entries = Object.entries(leftOut) as readonly (readonly [LeftOutReason, number])[];
  const parts = entries
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, size]) => `${REASONS[reason]} ${sizeText(size)}`);
  if (parts.length === 0) return [];
  return [["left out", sizeText(entries.reduce((sum, [, size]) => sum + size, 0)), parts.join(", ")]];
}

function imageLines(image: ImageReport, paint: ReturnType<typeof createPaint>): readonly string[] {
  const consent = ["ALLOW_ANONYMOUS", "ALLOW_INSECURE_CONNECTIONS"].map((key) => `-e BENTO_SECURITY_${key}=true`);
  return [
    `${paint.green("image")}  ${image.tags.join(", ")}  ${sizeText(image.bytes)} on ${image.base}`,
    `       ${paint.dim(image.id)}`,
    `next: docker run --rm -p 127.0.0.1:3000:3000 ${consent.join(" ")} ${image.tags[0] ?? image.id}`,
  ];
}

/** The example whose numbers come nearest to their tolerance. */
function largestText(examples: readonly ExampleResult[]): string {
  const shares = examples.flatMap(({ api, example, largest, tolerance }) =>
    largest === null || largest.difference === 0 ? [] : [{ api, example, tolerance, difference: largest.difference }],
  );
  const [worst] = shares.sort((a, b) => b.difference / b.tolerance - a.difference / a.tolerance);
  if (worst === undefined) return "";
  const { api, example, difference, tolerance } = worst;
  return printable(`, largest difference ${Number(difference.toPrecision(3))} of ${tolerance} (${api} · ${example})`);
}
