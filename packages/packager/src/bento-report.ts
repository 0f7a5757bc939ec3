import type { BentoModel } from "@bento-ts/runtime/definition";
import type { CopiedPackage } from "./dependencies/copy-packages.ts";

/** Bytes of a bento by what they are for, before any compression. */
export interface BentoSizes {
  readonly node: number;
  /** Packages, without the models that some bring. */
  readonly dependencies: number;
  /** Wherever they stand. */
  readonly models: number;
  readonly service: number;
  readonly total: number;
}

/** What a build has made. */
export interface BentoReport {
  /** Absolute folder of the bento. */
  readonly dir: string;
  readonly name: string;
  readonly version: string;
  readonly definitionDigest: string;
  /** As container engines write it: `linux/amd64`. */
  readonly platform: string;
  readonly runtimeVersion: string;
  readonly nodeVersion: string;
  /** Base image that its Dockerfile names. */
  readonly base: string;
  readonly models: readonly BentoModel[];
  /** Largest first; sizes with all their files. */
  readonly packages: readonly CopiedPackage[];
  readonly bytes: BentoSizes;
  /** One sentence each. */
  readonly warnings: readonly string[];
}
