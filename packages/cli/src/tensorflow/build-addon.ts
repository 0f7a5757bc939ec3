import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { failed } from "../command-error.ts";
import { runTool } from "./run-tool.ts";

/** Libraries that the addon is linked with, in `deps/lib` of its package. */
export const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;

const ADDON_DIR = "lib/napi-v8";

// "-s": no symbols for a debugger.
const FLAGS =
  "-std=c++17 -shared -fPIC -O2 -s -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding -DBUILDING_NODE_EXTENSION".split(
    " ",
  );

/** Finds a C++ compiler: `CXX`, else the usual names. Throws CommandError, with how to get one, where there is none. */
export async function findCompiler(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string> {
  const named = env["CXX"];
  for (const name of named === undefined || named === "" ? ["g++", "c++", "clang++"] : [named])
    if ((await runTool(name, ["--version"], { env, signal })) !== undefined) return name;
  throw failed(
    'building the addon needs a C++ compiler, and none is found: install one (Debian and Ubuntu: "apt-get install g++", Fedora: "dnf install gcc-c++") or name yours by CXX, then run the command again',
  );
}

/** Strips what running never needs from the libraries, a third of them; false where there are no binutils. */
export async function stripLibraries(libraryDir: string, signal: AbortSignal): Promise<boolean> {
  for (const name of LIBRARIES) {
    const path = join(libraryDir, name);
    // By a copy: a library that is half-written must not be taken for whole.
    const told = await runTool("strip", ["--strip-unneeded", "-o", `${path}.stripped`, path], { signal });
    if (told === undefined) return false;
    await rename(`${path}.stripped`, path);
  }
  return true;
}

/**
 * Compiles the addon of an unpacked @tensorflow/tfjs-node and links it with the libraries in its `deps/lib`, found from its own place when it runs.
 *
 * Node-API version 8: one build runs on Node 22 and every later one.
 */
export async function buildAddon(
  packageDir: string,
  options: { readonly compiler: string; readonly includes: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const { compiler, includes, signal } = options;
  await mkdir(join(packageDir, ADDON_DIR), { recursive: true });
  const output = `${ADDON_DIR}/tfjs_binding.node`;
  const args = [
    ...FLAGS,
    ...[".", ...includes].map((dir) => `-I${dir}`),
    "binding/tfjs_backend.cc",
    "binding/tfjs_binding.cc",
    ...LIBRARIES.map((name) => `deps/lib/${name}`),
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
    "-o",
    output,
  ];
  await runTool(compiler, args, { cwd: packageDir, signal });
  await placeFinder(packageDir);
}

/** The one function of @mapbox/node-pre-gyp that tfjs-node calls when it loads: that package is a downloader with fifty dependencies. */
const FINDER = `"use strict";
const { dirname, join } = require("node:path");
exports.find = (packageFile) => join(dirname(packageFile), "${ADDON_DIR}", "tfjs_binding.node");
`;

async function placeFinder(packageDir: string): Promise<void> {
  const dir = join(packageDir, "node_modules/@mapbox/node-pre-gyp");
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "index.js"), FINDER);
}
