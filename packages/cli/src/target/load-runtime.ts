import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { EarlyWorker } from "@bento-ts/runtime/early-worker";
import type * as server from "@bento-ts/runtime/server";
import { firstWorker } from "../serve/first-worker.ts";
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

/** The worker that was started with the command, if that server is of the same copy; undefined where it can't be used. */
export function earlyWorkerOf(target: Target): EarlyWorker | undefined {
  const own = resolveFor(target, "@bento-ts/runtime/server");
  const isSame = own === undefined || own === import.meta.resolve("@bento-ts/runtime/server");
  if (isSame) return firstWorker();
  firstWorker()?.discard();
  return undefined;
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
