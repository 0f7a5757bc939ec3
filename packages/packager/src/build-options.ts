import type { BentoFile } from "@bento-ts/runtime/definition";
import type { Platform } from "./platform.ts";
import type { OnBuildEvent } from "./progress.ts";

/** What `buildBento` is asked for. */
export interface BuildOptions {
  /** Folder of the project; its bento.yaml counts. */
  readonly projectDir: string;
  /** Absolute path of the file that exports the service, inside the project. */
  readonly entryFile: string;
  /** Where the bento goes; `.bento-ts/<name>-<version>` in the project unless given. A bento that is there is replaced. */
  readonly outDir?: string | undefined;
  /** What the folder's name ends with when `outDir` is not given, such as "-arm64": bentos of several platforms lie side by side. */
  readonly folderEnding?: string;
  /** Base image for the Dockerfile, instead of the configuration's `image.base`. */
  readonly base?: string | undefined;
  /** Names of the secrets that `image.scripts` and the installation of `image.packages` may read; the values are given to `buildImage`. */
  readonly secrets?: readonly string[] | undefined;
  /** That of containers on this machine unless given. */
  readonly platform?: Platform;
  /** Folder of the model store; the user's own unless given. */
  readonly storeDir?: string;
  /** Variables of the process unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Looks at the whole bento before it is put in place: what it throws ends the build, and what it gives are further warnings of the report. */
  readonly check?: ((bento: StagedBento) => Promise<readonly string[]>) | undefined;
  /** Ends the build; nothing is left behind. */
  readonly signal?: AbortSignal;
  readonly onEvent?: OnBuildEvent | undefined;
}

/** A bento that is whole and not in its place yet. */
export interface StagedBento {
  /** Absolute folder. */
  readonly dir: string;
  readonly file: BentoFile;
}
