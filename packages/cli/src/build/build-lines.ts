import { basename } from "node:path";
import type { BentoReport, LeftOut, LeftOutReason, MadeImage } from "@bento-ts/packager";
import type { ExampleResult } from "../examples/run-example.ts";
import type { createPaint } from "../output.ts";
import { columns, printable, sizeText } from "../output.ts";
import type { StepTime } from "./build-progress.ts";
import { imageLines } from "./image-lines.ts";
import type { StoredBuild, StoredBuilds } from "./store-bentos.ts";

/** What `bento-ts build` has made. */
export interface BuildResult extends StoredBuilds {
  readonly bento: BentoReport;
  /** How its golden examples went; none when they were not run. */
  readonly examples: readonly ExampleResult[];
  /** Those of further platforms. */
  readonly otherBentos: readonly BentoReport[];
  /** Absolute paths of the SBOMs that were copied out. */
  readonly sboms: readonly string[];
  /** In the order in which they began. */
  readonly steps: readonly StepTime[];
  /** Null when only the bento was asked for. */
  readonly image: MadeImage | null;
}

/** Packages named one by one in the report. */
const SHOWN_PACKAGES = 4;

/** The report for a person: what went in, how large each part is, and what to do next. `shownPath` makes of an absolute path the one that the user sees. */
export function buildLines(
  {
    bento,
    otherBentos,
    examples,
    sboms,
    stored,
    otherStored,
    steps,
    image,
    shownPath,
  }: BuildResult & { readonly shownPath: (path: string) => string },
  paint: ReturnType<typeof createPaint>,
): readonly string[] {
  const { bytes, packages } = bento;
  const largest = packages.slice(0, SHOWN_PACKAGES).map(packageText);
  const rows = [
    ["Node", sizeText(bytes.node), bento.nodeVersion],
    ["dependencies", sizeText(bytes.dependencies), `${packages.length} packages: ${largest.join(", ")}, …`],
    ...(bytes.tensorFlow === 0 ? [] : [["TensorFlow", sizeText(bytes.tensorFlow), "native library and addon"]]),
    ["models", sizeText(bytes.models), bento.models.map(({ source }) => basename(source)).join(", ")],
    ["service", sizeText(bytes.service), "code, source map, files"],
    ...leftOutRow(bento.leftOut),
  ];
  const dir = shownPath(bento.dir);
  return [
    `${paint.bold(`${bento.name} ${bento.version}`)} for ${bento.platform}`,
    ...columns(rows, "  ").map(printable),
    ...(examples.length === 0 ? [] : [`  golden examples  ${examples.length} ok${largestText(examples)}`]),
    ...(steps.length === 0 ? [] : [paint.dim(`  ${stepText(steps)}`)]),
    ...[bento, ...otherBentos]
      .flatMap(({ warnings }) => warnings)
      .concat([stored, ...otherStored].flatMap(({ warning }) => warning ?? []))
      .map((text) => paint.yellow(`warning: ${printable(text)}`)),
    `${paint.green("bento")}  ${dir === "" ? "." : dir}  ${sizeText(bytes.total)}`,
    ...storedLine(stored).map(paint.dim),
    ...sboms.map((path) => `${paint.green("sbom")}   ${shownPath(path)}`),
    ...otherBentos.flatMap((one) => [
      `${paint.green("bento")}  ${shownPath(one.dir)}  for ${one.platform}`,
      ...otherStored
        .filter(({ platform }) => platform === one.platform)
        .flatMap(storedLine)
        .map(paint.dim),
    ]),
    ...(image === null ? [`next: bento-ts serve ${dir}`] : imageLines(image, { paint, shownPath })),
  ];
}

function storedLine({ tag, files, reusedFiles }: StoredBuild): readonly string[] {
  return tag === null ? [] : [`       ${tag} in the bento store, ${reusedFiles} of ${files} files were there`];
}

/** The whole time and the steps that took the most of it. */
function stepText(steps: readonly StepTime[]): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const longest = steps.toSorted((a, b) => b.ms - a.ms).slice(0, SHOWN_STEPS);
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  return `${seconds(total)}: ${longest.map(({ step, ms }) => `${printable(step)} ${seconds(ms)}`).join(", ")}`;
}

const SHOWN_STEPS = 3;

/** A package with its size, and that of its installed files where most of them stayed out. */
function packageText({ name, bytes, leftOut }: BentoReport["packages"][number]): string {
  const before = Object.values(leftOut).reduce((sum, size) => sum + size, bytes);
  return `${name} ${before > 2 * bytes && before > LARGE_BYTES ? `${sizeText(before)} → ` : ""}${sizeText(bytes)}`;
}

const LARGE_BYTES = 10_000_000;

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
