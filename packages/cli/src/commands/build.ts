import { relative } from "node:path";
import type { BentoReport, ImageReport, OnBuildEvent } from "@bento-ts/packager";
import { type Command, Option } from "commander";
import { buildLines, type BuildResult } from "../build/build-lines.ts";
import { checkExamples, type CheckedExamples } from "../build/check-examples.ts";
import { interruptible } from "../build/interruptible.ts";
import type { CommandRow } from "../command.ts";
import { wrongUsage } from "../command-error.ts";
import { createPaint, printable, report } from "../output.ts";
import { findTarget } from "../target/find-target.ts";

interface Flags {
  readonly tag: readonly string[];
  readonly builder: "docker";
  readonly baseImage?: string;
  readonly image: boolean;
  readonly test: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

/** `bento-ts build`: makes a bento of a project and a container image of the bento. */
export const build: CommandRow = {
  name: "build",
  summary: "make a bento and a container image of a project",
  examples: [
    ["bento-ts build --base-image debian:12-slim", "the project in this folder, tagged name:version"],
    ["bento-ts build -t models.example.com/boston:1 -t boston:latest", "two names; the base is named in bento.yaml"],
    ["bento-ts build --no-image -o ./bento", "the bento alone: a folder with a Dockerfile"],
  ],
  define(command: Command) {
    command
      .argument("[dir]", "folder of the project; this one when it is left out")
      .option("-t, --tag <name:version>", "name of the image, may be repeated; default: the service's", gather, [])
      .addOption(new Option("--builder <builder>", "what builds the image").choices(["docker"]).default("docker"))
      .option("--base-image <image>", "image to build on, above image.base in bento.yaml")
      .option("--no-image", "make the bento alone")
      .option("--no-test", "don't run the golden examples")
      .option("-o, --output <dir>", "where the bento goes; default: .bento-ts/<name>-<version> in the project")
      .option("--json", "print the report as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, flags: Flags): Promise<void> {
  const target = await findTarget(given);
  if (target.kind !== "module") {
    throw wrongUsage(
      `${given ?? "this folder"} has no service to build: expected a project; "bento-ts init" writes one`,
    );
  }
  const result = await interruptible((signal) => make(target, flags, signal));
  report(result, {
    json: flags.json === true,
    human: (made, paint) => buildLines({ ...made, dir: shownPath(made.bento.dir) }, paint),
  });
}

async function make(
  { file, projectDir }: { readonly file: string; readonly projectDir: string },
  flags: Flags,
  signal: AbortSignal,
): Promise<BuildResult> {
  const { assertBuilderReady, buildBento, buildImage } = await import("@bento-ts/packager");
  if (flags.image) await assertBuilderReady({ builder: flags.builder, signal });
  const onEvent = flags.json === true ? undefined : createTeller();
  let examples: CheckedExamples = { results: [], skipped: "golden examples were not run: --no-test" };
  const bento: BentoReport = await buildBento({
    projectDir,
    entryFile: file,
    outDir: flags.output,
    base: flags.baseImage,
    check: async (staged) => {
      if (flags.test) {
        onEvent?.({ kind: "step", text: "running golden examples" });
        examples = await checkExamples(staged, signal);
      }
      return examples.skipped === undefined ? [] : [examples.skipped];
    },
    signal,
    onEvent,
  });
  const { results } = examples;
  if (!flags.image) return { bento, examples: results, image: null };
  const image: ImageReport = await buildImage({
    bentoDir: bento.dir,
    tags: flags.tag,
    base: flags.baseImage,
    builder: flags.builder,
    signal,
    onEvent,
  });
  return { bento, examples: results, image };
}

/** A path as short as it can be: relative to where the command runs unless it leads out of there. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

/** Progress goes to standard error: standard output is the report's. */
function createTeller(): OnBuildEvent {
  const paint = createPaint(process.stderr);
  return (event) => {
    if (event.kind === "bytes") return;
    const text = event.kind === "step" ? `${event.text} …` : `  ${event.text}`;
    process.stderr.write(`${paint.dim(printable(text))}\n`);
  };
}

function gather(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
