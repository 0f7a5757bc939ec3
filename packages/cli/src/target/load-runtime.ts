import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as server from "@bento-ts/runtime/server";

/** What `@bento-ts/runtime/server` exports. */
export type RuntimeServer = typeof server;

/**
 * The runtime's server as the project in a folder has it installed, else the command's own copy.
 *
 * The author's classes belong to the copy that they import: another one would read types and tensors that it did not make.
 */
export async function loadServerOf(folder: string): Promise<RuntimeServer> {
  const own = resolveFrom(folder, "@bento-ts/runtime/server");
  if (own === undefined) return import("@bento-ts/runtime/server");
  return (await import(pathToFileURL(own).href)) as RuntimeServer;
}

function resolveFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(join(folder, "package.json")).resolve(name);
  } catch {
    // Not installed there.
    return undefined;
  }
}
