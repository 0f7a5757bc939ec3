import { basename, join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { InstalledPackage } from "../dependencies/installed-package.ts";
import type { Machine } from "../platform.ts";
import { isNativeName, nativeFileMachine, runsOn } from "./native-file.ts";

/** A package's files, parted by whether native ones can be loaded on a machine. */
export interface FittingFiles {
  readonly fitting: readonly string[];
  /** Native files for other machines. */
  readonly foreign: readonly string[];
}

/**
 * Leaves out the native files of a package that are made for other machines, as packages often bring those of all systems.
 *
 * Throws FAILED_PRECONDITION for a package that has native files and none of them for the machine, or whose addon was compiled where it is installed.
 */
export async function fittingFiles(
  { dir, json }: InstalledPackage,
  files: readonly string[],
  machine: Machine,
): Promise<FittingFiles> {
  const natives = files.filter(isNativeName);
  if (natives.length === 0) return { fitting: files, foreign: [] };
  const foreign: string[] = [];
  for (const file of natives) {
    const made = await nativeFileMachine(join(dir, file));
    // A file that is none, such as a script with the ending of one, is the package's own matter.
    if (made !== undefined && !(runsOn(made, machine) && isUsable(file, machine))) foreign.push(file);
  }
  const left = natives.filter((file) => !foreign.includes(file));
  // A library for Windows or macOS that comes along is no loss; an addon is one, and so is what was made for another Linux.
  const missed = foreign.find((file) => file.endsWith(".node") || !/\.(dll|dylib)$/.test(file));
  if (left.length === 0 && missed !== undefined) throw noneFits(json.name, foreign, machine);
  const compiled = foreign.find(isCompiledHere);
  // Node's loaders of addons look at "build" first, so what was compiled may go only where something prebuilt takes its place.
  if (compiled !== undefined && !left.some(isPrebuilt)) throw compiledHere(json.name, compiled, machine);
  return { fitting: files.filter((file) => !foreign.includes(file)), foreign };
}

/** Names say what headers don't: the C library, and that Node is not what loads it. Source: prebuildify, "Conventions"; node-gyp-build, `parseTags`. */
function isUsable(file: string, { libc }: Machine): boolean {
  const tags = basename(file).split(".");
  return !tags.includes("electron") && !(libc === "glibc" && tags.includes("musl"));
}

function isPrebuilt(file: string): boolean {
  return file.startsWith("prebuilds/");
}

function isCompiledHere(file: string): boolean {
  return /^build\/(Release|Debug)\//.test(file);
}

function noneFits(name: string, files: readonly string[], machine: Machine): ServingError {
  const compiled = files.find(isCompiledHere);
  if (compiled !== undefined) return compiledHere(name, compiled, machine);
  return refused(
    `the package "${name}" has no native file for ${nameOf(machine)} (its ${files[0]} is for another machine): install a version that has one, or do without the package`,
  );
}

function compiledHere(name: string, file: string, machine: Machine): ServingError {
  return refused(
    `the package "${name}" was compiled on this machine (${file}) and can't run on ${nameOf(machine)}: build on such a machine, or install a version that brings prebuilt files for it`,
  );
}

function nameOf({ os, cpu, libc }: Machine): string {
  return `${os}-${cpu}${libc === undefined ? "" : ` (${libc})`}`;
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
