import { relative } from "node:path";
import type { BuilderChoice } from "@bento-ts/packager";
import { type Command, Option } from "commander";
import { createBuildProgress } from "../build/build-progress.ts";
import { buildLines } from "../build/build-lines.ts";
import { parseSbom, type SbomCopy } from "../build/copy-sboms.ts";
import { imageLines } from "../build/image-lines.ts";
import { imageOfBentos } from "../build/image-of-bentos.ts";
import { interruptible } from "../build/interruptible.ts";
import { makeBuild } from "../build/make-build.ts";
import type { CommandRow } from "../command.ts";
import { wrongUsage } from "../command-error.ts";
import { report } from "../output.ts";
import { keepCompiledCode } from "../serve/compile-cache.ts";
import { findTarget } from "../target/find-target.ts";

interface Flags {
  readonly tag: readonly string[];
  readonly builder: BuilderChoice;
  readonly baseImage?: string;
  readonly platform?: string;
  readonly image: boolean;
  readonly test: boolean;
  readonly output?: string;
  readonly push?: boolean;
  readonly secret: readonly string[];
  readonly network?: string;
  readonly sbom: readonly SbomCopy[];
  readonly json?: boolean;
}

/** The packager's `BUILDER_CHOICES`, which is loaded only when something is built. */
const BUILDERS = ["auto", "oci", "docker", "podman", "buildah"] as const satisfies readonly BuilderChoice[];

/** `bento-ts build`: makes a bento of a project and a container image of the bento. */
export const build: CommandRow = {
  name: "build",
  summary: "make a bento and a container image of a project",
  examples: [
    ["bento-ts build --base-image debian:12-slim", "the project in this folder, tagged name:version"],
    ["bento-ts build -t models.example.com/boston:1 -t boston:latest", "two names; the base is named in bento.yaml"],
    ["bento-ts build --builder oci -o boston.tar", "without an engine, into a tar for docker load"],
    [
      "bento-ts build --platform linux/amd64,linux/arm64 --push -t models.example.com/boston:1",
      "for two platforms, into a registry",
    ],
    ["bento-ts build --no-image -o ./bento", "the bento alone: a folder with a Dockerfile"],
  ],
  define(command: Command) {
    command
      .argument(
        "[dir]",
        "folder of the project, this one when it is left out; or a bento, by folder or tag, to make its image",
      )
      .option("-t, --tag <name:version>", "name of the image, may be repeated; default: the service's", gather, [])
      .addOption(
        new Option("--builder <builder>", "what builds the image; auto: an engine that answers, else oci")
          .choices(BUILDERS)
          .default("auto"),
      )
      .option("--platform <list>", "linux/amd64, linux/arm64 or both, joined by a comma; default: this machine's")
      .option("--base-image <image>", "image to build on, or an OCI layout or tar; above image.base in bento.yaml")
      .option("--no-image", "make the bento alone")
      .option("--no-test", "don't run the golden examples")
      .option("-o, --output <place>", "image: a file .tar or a folder (OCI layout); with --no-image the bento's folder")
      .option("--push", "bring the image to the registry that each name leads to")
      .option(
        "--secret <id=NAME,src=FILE>",
        "for image.scripts and image.packages alone; or id=NAME,env=VARIABLE",
        gather,
        [],
      )
      .option("--network <mode>", "network of image.scripts and image.packages, as the engine names it: host, none")
      .option(
        "--sbom <format>",
        "copy the SBOM out: spdx, cyclonedx, or a file .spdx.json or .cdx.json",
        gatherSbom,
        [],
      )
      .option("--json", "print the report as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, flags: Flags): Promise<void> {
  // A bento that is named by its tag may be in the store for each of them.
  const platforms = flags.platform?.split(",").map((text) => text.trim()) ?? [undefined];
  const [target, ...others] = await Promise.all(
    [...new Set(platforms)].map((platform) => findTarget(given, { platform })),
  );
  if (target === undefined) throw wrongUsage("--platform names none");
  if (target.kind === "models") {
    throw wrongUsage(
      `${given ?? "this folder"} has no service to build: expected a project; "bento-ts init" writes one`,
    );
  }
  keepCompiledCode();
  const progress = createBuildProgress({ isQuiet: flags.json === true });
  const { onEvent } = progress;
  const { tag: tags, builder, baseImage, platform, image, test, output, push = false } = flags;
  const { secret: secrets, network, sbom: sboms } = flags;
  const engine = { builder, secrets, network };
  const work = { tags, ...engine, baseImage, platform, image, output, push, onEvent };
  if (target.kind === "bento") {
    const { projectDir: dir } = target;
    const dirs = [target, ...others].map(({ projectDir }) => projectDir);
    if (sboms.length > 0) throw wrongUsage(`--sbom is for projects: ${dir} is a bento, which holds its SBOMs`);
    const made = await interruptible((signal) => imageOfBentos(dirs, { ...work, signal })).finally(progress.stop);
    return report(
      { image: made, steps: progress.stop() },
      { json: flags.json === true, human: (told, paint) => imageLines(told.image, { paint, shownPath }) },
    );
  }
  const project = { projectDir: target.projectDir, entryFile: target.file, test, sboms };
  const made = await interruptible((signal) => makeBuild({ ...work, ...project, signal })).finally(progress.stop);
  const result = { ...made, steps: progress.stop() };
  report(result, {
    json: flags.json === true,
    human: (told, paint) => buildLines({ ...told, shownPath }, paint),
  });
}

/** A path as short as it can be: relative to where the command runs unless it leads out of there. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

function gather(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function gatherSbom(value: string, earlier: readonly SbomCopy[]): readonly SbomCopy[] {
  return [...earlier, parseSbom(value)];
}
