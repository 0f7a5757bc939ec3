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
  /** As the user names it, where the user does. */
  readonly base?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Decides what makes the image, before a bento is built for nothing.
 *
 * Throws FAILED_PRECONDITION when the engine that was asked for can't: it does not answer, is of another architecture, or is to build on a folder or a file.
 */
export async function chooseBuilder(choice: BuilderChoice, options: ChooseOptions): Promise<ImageBuilder> {
  const reason = reasonAgainstEngines(options);
  if (choice === "oci" || (choice === "auto" && reason !== undefined)) return "oci";
  if (reason !== undefined) {
    throw new ServingError("FAILED_PRECONDITION", `${choice} can't build ${reason}: use --builder oci`);
  }
  const { platforms, base: _base, ...rest } = options;
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
  return "oci";
}

function reasonAgainstEngines({ platforms, base }: ChooseOptions): string | undefined {
  if (platforms.length > 1) return `for several platforms at once (${platforms.map(dockerPlatform).join(", ")})`;
  if (base !== undefined && isBasePath(base, process.cwd())) return `on a folder or a file (${base})`;
  return undefined;
}
