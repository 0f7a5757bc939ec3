import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as earlyWorker from "@bento-ts/runtime/early-worker";
import type * as server from "@bento-ts/runtime/server";
import type { Target } from "./find-target.ts";

/** What `@bento-ts/runtime/server` exports. */
export type RuntimeServer = typeof server;

/**
 * The runtime's server that serves a target: as the target's project has it installed, else the command's own copy.
 *
 * The author's classes belong to the copy that they import: another one would read types and tensors that it did not make.
 */
export async function loadServerOf(target: Target): Promise<RuntimeServer> {
  const own = resolveFor(target, "@bento-ts/runtime/server");
  if (own === undefined) return import("@bento-ts/runtime/server");
  return (await import(own)) as RuntimeServer;
}

/** What starts the first worker of that server before the rest of it is loaded; undefined for a project whose copy has no such thing. */
export async function loadEarlyWorkerOf(target: Target): Promise<typeof earlyWorker | undefined> {
  const own = resolveFor(target, "@bento-ts/runtime/early-worker");
  if (own !== undefined) return (await import(own)) as typeof earlyWorker;
  return resolveFor(target, "@bento-ts/runtime/server") === undefined
    ? import("@bento-ts/runtime/early-worker")
    : undefined;
}

/** The URL of an entry of the runtime that the project has; undefined where it has none. Model files have no code that could be bound to a copy. */
function resolveFor(target: Target, name: string): string | undefined {
  if (target.kind === "models") return undefined;
  const folder = target.kind === "module" ? dirname(target.file) : target.projectDir;
  try {
    return pathToFileURL(createRequire(join(folder, "package.json")).resolve(name)).href;
  } catch {
    // Not installed there.
    return undefined;
  }
}
