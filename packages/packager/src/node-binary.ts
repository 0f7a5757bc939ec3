import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServingError } from "@bento-ts/runtime/definition";
import { fetchPackage, type FetchOptions } from "./dependencies/fetch-package.ts";
import { findPackage } from "./dependencies/installed-package.ts";
import type { Lockfile } from "./dependencies/lockfile.ts";
import { ownMachine, type Platform } from "./platform.ts";

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

export interface FindNodeOptions extends FetchOptions {
  readonly projectDir: string;
  readonly lockfile: Lockfile | undefined;
  readonly own?: OwnNode;
}

/**
 * The Node that goes into an image: that of the npm package `node-linux-<arch>` which the project or the packager has installed, else the one that runs the build,
 * else that package as the lockfile has it, which is fetched.
 *
 * Throws FAILED_PRECONDITION that says which package to install where there is none.
 */
export async function findNodeBinary(
  platform: Platform,
  { projectDir, lockfile, own = ownNode(), ...options }: FindNodeOptions,
): Promise<NodeBinary> {
  const name = `node-linux-${platform.cpu}`;
  for (const fromDir of [projectDir, dirname(fileURLToPath(import.meta.url))]) {
    const installed = findPackage(name, fromDir);
    const node = installed && nodeIn(installed.dir, installed.json.version);
    if (node !== undefined) return node;
  }
  const reason = unfitBecause(own, platform);
  if (reason === undefined)
    return { path: own.path, version: own.version, licence: licenceIn(join(dirname(own.path), "..")) };
  const locked = [...(lockfile?.packages.values() ?? [])].find((one) => one.name === name);
  if (lockfile !== undefined && locked !== undefined) {
    const { dir } = await fetchPackage(locked, { ...options, from: lockfile.path });
    const node = dir === undefined ? undefined : nodeIn(dir, locked.version);
    if (node !== undefined) return node;
  }
  throw new ServingError(
    "FAILED_PRECONDITION",
    `an image needs a Node for linux-${platform.cpu} and this machine's ${reason}: run "npm install --save-optional ${name}@24", which puts one into package-lock.json`,
  );
}

function nodeIn(dir: string, version: string): NodeBinary | undefined {
  const path = join(dir, "bin", "node");
  return existsSync(path) ? { path, version, licence: licenceIn(dir) } : undefined;
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
    isGlibc: ownMachine().libc === "glibc",
  };
}
