import { join } from "node:path";
import type { BentoReport, BuilderChoice, ListedFile, OnBuildEvent, Platform, StagedBento } from "@bento-ts/packager";
import { wrongUsage } from "../command-error.ts";
import type { ExampleResult } from "../examples/run-example.ts";
import type { BuildResult } from "./build-lines.ts";
import { copySboms, type SbomCopy } from "./copy-sboms.ts";
import { storeBentos } from "./store-bentos.ts";
import { type PendingImage, pendingImage } from "./pending-image.ts";
import { checkExamples, type CheckedExamples } from "./check-examples.ts";

/** What is to be built, as flags say it. */
export interface BuildWork {
  readonly projectDir: string;
  readonly entryFile: string;
  readonly tags: readonly string[];
  readonly builder: BuilderChoice;
  readonly baseImage: string | undefined;
  /** `linux/amd64` and others, joined by commas; that of this machine's containers when left out. */
  readonly platform: string | undefined;
  readonly image: boolean;
  /** Whether golden examples are run. */
  readonly test: boolean;
  /** Of the image; of the bento where no image is made. */
  readonly output: string | undefined;
  readonly push: boolean;
  /** `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`. */
  readonly secrets: readonly string[];
  /** Of the steps that run, as an engine names it. */
  readonly network: string | undefined;
  readonly sboms: readonly SbomCopy[];
  readonly signal: AbortSignal;
  readonly onEvent: OnBuildEvent | undefined;
}

/** Builds a bento for each platform, and the image of them. */
export async function makeBuild(work: BuildWork): Promise<Omit<BuildResult, "steps">> {
  const { baseImage: base, signal, onEvent } = work;
  const packager = await import("@bento-ts/packager");
  const platforms = await platformsOf(work.platform);
  if (!work.image && work.push)
    throw wrongUsage("--push and --no-image exclude each other: it is the image that is pushed");
  // Before a bento is built for nothing.
  const secrets = work.secrets.map((text) => packager.parseSecret(text, process.env).id);
  const builder = work.image ? await packager.prepareImage({ ...work, from: work, base, platforms }) : undefined;
  const pending = builder === undefined ? undefined : pendingImage({ ...work, builder });
  try {
    const { bentos, examples, listed } = await buildBentos(work, { platforms, secrets, pending });
    const [bento, ...otherBentos] = bentos;
    if (bento === undefined) throw wrongUsage("--platform names none");
    const sboms = (
      await Promise.all(bentos.map((one) => copySboms(work.sboms, one, endingOf(one.platform, bentos.length))))
    ).flat();
    const storing = storeBentos([bento, ...otherBentos], { listed, signal });
    const built = { bento, otherBentos, examples, sboms };
    if (pending === undefined) {
      onEvent?.({ kind: "step", text: "storing the bento" });
      return { ...built, ...(await storing), image: null };
    }
    const making = pending.finish(bentos, listed);
    // Both have ended before this does, also when one has failed.
    await Promise.allSettled([making, storing]);
    return { ...built, ...(await storing), image: await making };
  } catch (cause) {
    await pending?.discard(cause);
    throw cause;
  }
}

/** Builds a bento for each platform, its golden examples run first, and the image beside those of the last. */
async function buildBentos(
  work: BuildWork,
  {
    platforms,
    secrets,
    pending,
  }: {
    readonly platforms: readonly Platform[];
    readonly secrets: readonly string[];
    readonly pending: PendingImage | undefined;
  },
): Promise<{
  readonly bentos: readonly BentoReport[];
  readonly examples: readonly ExampleResult[];
  /** The files of each, by its folder. */
  readonly listed: ReadonlyMap<string, readonly ListedFile[]>;
}> {
  const { buildBento, dockerPlatform, listBentoFiles } = await import("@bento-ts/packager");
  const { projectDir, entryFile, baseImage: base, signal, onEvent } = work;
  const bentos: BentoReport[] = [];
  const examples: ExampleResult[] = [];
  const listed = new Map<string, readonly ListedFile[]>();
  for (const platform of platforms) {
    let files: readonly ListedFile[] = [];
    const packed = async ({ dir }: StagedBento): Promise<void> => {
      const onRead = (doneBytes: number, totalBytes: number): void =>
        onEvent?.({ kind: "bytes", task: "hash", name: "the files", doneBytes, totalBytes });
      files = await listBentoFiles(dir, { signal, onRead });
      if (bentos.length === platforms.length - 1)
        await pending?.begin([...bentos, { dir }], new Map([...listed, [dir, files]]));
    };
    const check = async (staged: StagedBento): Promise<readonly string[]> => {
      const checking = examplesOf(staged, work).catch(async (cause: unknown) => {
        await pending?.discard(cause);
        throw cause;
      });
      const packing = packed(staged);
      // What reads the staged files has ended before they are moved or taken away, also when one of the two has failed.
      await Promise.allSettled([checking, packing]);
      const checked = await checking;
      await packing;
      examples.push(...checked.results);
      return checked.skipped === undefined ? [] : [checked.skipped];
    };
    const ending = endingOf(dockerPlatform(platform), platforms.length);
    const outDir = work.image || work.output === undefined ? undefined : join(work.output, ending.slice(1));
    const chosen = { outDir, folderEnding: ending, base, secrets, platform };
    const bento = await buildBento({ projectDir, entryFile, ...chosen, check, signal, onEvent });
    listed.set(bento.dir, files);
    bentos.push(bento);
  }
  return { bentos, examples, listed };
}

/** What keeps files of several platforms apart. */
function endingOf(platform: string, platforms: number): string {
  return platforms > 1 ? `-${platform.split("/")[1] ?? ""}` : "";
}

async function platformsOf(given: string | undefined): Promise<readonly Platform[]> {
  const { containerPlatform, parsePlatform } = await import("@bento-ts/packager");
  if (given === undefined) return [containerPlatform()];
  return [...new Set(given.split(","))].map((text) => parsePlatform(text.trim()));
}

async function examplesOf(staged: StagedBento, { test, signal, onEvent }: BuildWork): Promise<CheckedExamples> {
  if (!test) return { results: [], skipped: "golden examples were not run: --no-test" };
  onEvent?.({ kind: "step", text: "running golden examples" });
  return checkExamples(staged, signal);
}
