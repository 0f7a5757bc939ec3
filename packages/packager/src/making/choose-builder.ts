import { ServingError } from "@bento-ts/runtime/definition";
import { dockerPlatform, type Platform } from "../platform.ts";
import { isBasePath } from "../oci/base-path.ts";
import { assertBuilderReady, type Builder, BUILDERS } from "../image/build-image.ts";

/** What makes images: a container engine, or this program itself. */
export type ImageBuilder = "oci" | Builder;

/** What can be asked for; `auto` takes an engine that answers, else `oci`. */
export const BUILDER_CHOICES = ["auto", "oci", ...BUILDERS] as const;
export type BuilderChoice = (typeof BUILDER_CHOICES)[number];

interface ChooseOptions {
  readonly platforms: readonly Platform[];
  readonly base: string;
  /** Folder against which a relative path to a base is meant. */
  readonly baseDir: string;
  /** What has to run while the image is built, by the names of its keys and flags. */
  readonly runs: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Decides what makes the image, before a bento is built for nothing.
 *
 * Throws FAILED_PRECONDITION when the engine that was asked for can't: it does not answer, is of another architecture, or is to build on a folder or a file; and when
 * something has to run and there is no engine for it.
 */
export async function chooseBuilder(choice: BuilderChoice, options: ChooseOptions): Promise<ImageBuilder> {
  const reason = reasonAgainstEngines(options);
  const { platforms, base: _base, baseDir: _baseDir, runs, ...rest } = options;
  if (choice === "oci") {
    if (runs.length > 0) throw runsNothing(runs, "use --builder docker, podman or buildah");
    return "oci";
  }
  if (reason !== undefined) {
    if (runs.length > 0) throw runsNothing(runs, `none of them can build ${reason}`);
    if (choice === "auto") return "oci";
    throw new ServingError("FAILED_PRECONDITION", `${choice} can't build ${reason}: use --builder oci`);
  }
  const [platform] = platforms;
  const ready = { ...rest, ...(platform === undefined ? {} : { platform }) };
  if (choice !== "auto") {
    await assertBuilderReady({ builder: choice, ...ready });
    return choice;
  }
  for (const builder of BUILDERS) {
    const isReady = await assertBuilderReady({ builder, ...ready }).then(
      () => true,
      () => false,
    );
    options.signal?.throwIfAborted();
    if (isReady) return builder;
  }
  if (runs.length > 0) throw runsNothing(runs, "none answers here for this platform, start docker, podman or buildah");
  return "oci";
}

/** The error of an image in which something has to run, and no engine builds it. */
export function runsNothing(runs: readonly string[], next: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `a container engine is needed for ${runs.join(" and ")}: ${next}`);
}

function reasonAgainstEngines({ platforms, base, baseDir }: ChooseOptions): string | undefined {
  if (platforms.length > 1) return `for several platforms at once (${platforms.map(dockerPlatform).join(", ")})`;
  if (isBasePath(base, baseDir)) return `on a folder or a file (${base})`;
  return undefined;
}
