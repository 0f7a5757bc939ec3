import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServingError } from "@bento-ts/runtime/definition";
import { findPackage } from "./dependencies/installed-package.ts";
import type { Platform } from "./platform.ts";

/** A Node that runs in an image. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
  /** Its licence, which goes along; undefined where none lies beside it. */
  readonly licence: string | undefined;
}

/** The Node of the process that builds, as far as it decides whether an image can use it. */
export interface OwnNode {
  readonly platform: string;
  readonly arch: string;
  readonly path: string;
  readonly version: string;
  /** Whether it needs a libnode.so that an image lacks. */
  readonly isShared: boolean;
  readonly isGlibc: boolean;
}

/**
 * The Node that goes into an image: that of the npm package `node-linux-<arch>` which the project or the packager has installed, else the one that runs the build.
 *
 * Throws FAILED_PRECONDITION that says which package to install where this machine's own can't be used.
 */
export function findNodeBinary(platform: Platform, projectDir: string, own: OwnNode = ownNode()): NodeBinary {
  const name = `node-linux-${platform.cpu}`;
  for (const fromDir of [projectDir, dirname(fileURLToPath(import.meta.url))]) {
    const installed = findPackage(name, fromDir);
    if (installed === undefined) continue;
    const path = join(installed.dir, "bin", "node");
    if (existsSync(path)) return { path, version: installed.json.version, licence: licenceIn(installed.dir) };
  }
  const reason = unfitBecause(own, platform);
  if (reason === undefined)
    return { path: own.path, version: own.version, licence: licenceIn(join(dirname(own.path), "..")) };
  throw new ServingError(
    "FAILED_PRECONDITION",
    `an image needs a Node for linux-${platform.cpu} and this machine's ${reason}: run "npm install --save-dev ${name}@24"`,
  );
}

function unfitBecause(own: OwnNode, platform: Platform): string | undefined {
  if (own.platform !== platform.os || own.arch !== platform.cpu) return `is for ${own.platform}-${own.arch}`;
  if (!own.isGlibc) return "is made for musl (Alpine), which the base images are not";
  if (own.isShared) return "is split into libraries that an image lacks";
  const [major = 0, minor = 0] = own.version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12) ? undefined : `is ${own.version}, older than 22.12`;
}

function licenceIn(dir: string): string | undefined {
  const path = join(dir, "LICENSE");
  return existsSync(path) ? path : undefined;
}

function ownNode(): OwnNode {
  const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
  return {
    platform: process.platform,
    arch: process.arch,
    path: process.execPath,
    version: process.versions.node,
    isShared: variables["node_shared"] === true || variables["node_shared"] === "true",
    isGlibc: process.platform === "linux" && isGlibc(process.report.getReport()),
  };
}

function isGlibc(report: unknown): boolean {
  const { header } = report as { readonly header?: { readonly glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}
