import type { BentoModel } from "@bento-ts/runtime/definition";
import type { CopiedPackage } from "./dependencies/copy-packages.ts";
import { LEFT_OUT_REASONS, type LeftOut, type LeftOutReason } from "./dependencies/package-files.ts";
import type { StagedFile } from "./stage-service.ts";

/** Bytes of a bento by what they are for, before any compression. */
export interface BentoSizes {
  readonly node: number;
  /** Packages, without the models that some bring. */
  readonly dependencies: number;
  /** The native TensorFlow; 0 where no model needs it. */
  readonly tensorFlow: number;
  /** Wherever they stand. */
  readonly models: number;
  readonly service: number;
  readonly total: number;
}

/** A package in a bento: what it weighs, and why it is there. */
export interface BentoPackage {
  readonly name: string;
  readonly version: string;
  /** Where it lies in the bento. */
  readonly place: string;
  /** Sum of its files' sizes. */
  readonly bytes: number;
  /** Names of the packages that led to it, the one that the service asks for first; empty for one that the service itself asks for. */
  readonly askedBy: readonly string[];
  /** Bytes of its files that are not in the bento, by reason. */
  readonly leftOut: LeftOut;
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
  /** Largest first. */
  readonly packages: readonly BentoPackage[];
  /** The author's code and files. */
  readonly files: readonly StagedFile[];
  /** Bytes of the packages' files that are not in the bento, by reason. */
  readonly leftOut: LeftOut;
  readonly bytes: BentoSizes;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/** Copied packages as a report tells of them, largest first. */
export function reportPackages(copied: readonly CopiedPackage[]): readonly BentoPackage[] {
  return copied
    .map(
      ({
        placed: {
          place,
          package: { json },
          askedBy,
        },
        bytes,
        leftOut,
      }) => ({
        name: json.name,
        version: json.version,
        place,
        bytes,
        askedBy: askedBy.map((one) => one.slice(one.lastIndexOf("node_modules/") + "node_modules/".length)),
        leftOut,
      }),
    )
    .sort((a, b) => b.bytes - a.bytes || (a.place < b.place ? -1 : 1));
}

/** What was left out of all packages together; reasons that there were none of are left out too. */
export function sumLeftOut(copied: readonly CopiedPackage[]): LeftOut {
  const sum = (reason: LeftOutReason): number =>
    copied.reduce((total, { leftOut }) => total + (leftOut[reason] ?? 0), 0);
  return Object.fromEntries(
    LEFT_OUT_REASONS.map((reason) => [reason, sum(reason)] as const).filter(([, bytes]) => bytes > 0),
  );
}
