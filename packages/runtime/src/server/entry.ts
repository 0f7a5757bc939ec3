#!/usr/bin/env node
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { loadConfig } from "../config/load-config.ts";
import { assertParameters } from "../config/parameters.ts";
import { assertMayBind } from "../config/start-rule.ts";
import type { Config } from "../config/types.ts";
import { ServingError } from "../errors.ts";
import { findServableModels } from "../models/servable-models.ts";
import { modelStoreDir } from "../models/store/layout.ts";
import { type EntryFlags, entryHelp, parseEntryFlags } from "./entry-flags.ts";
import { modelsEntry } from "./models-entry.ts";
import { isBento, openBento, type OpenedBento } from "./open-bento.ts";
import { runUntilStopped } from "./run-server.ts";
import { startServer, type StartOptions } from "./start-server.ts";

// Exit codes are part of the product: scripts and orchestrators tell a refused configuration from a failure by them.
const EXIT = { done: 0, failed: 1, usage: 2, refused: 78 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let flags: EntryFlags;
  try {
    flags = parseEntryFlags(args);
  } catch (cause) {
    return fail(EXIT.usage, cause);
  }
  if (flags.help || flags.version) {
    process.stdout.write(flags.help ? entryHelp() : `${runtimeVersion()}\n`);
    return EXIT.done;
  }
  let isDebug = false;
  try {
    const bento = await findBento(flags);
    const loaded = await configure(bento, flags);
    if (loaded instanceof ServingError) return fail(EXIT.refused, loaded);
    isDebug = ["trace", "debug"].includes(loaded.config.telemetry.logLevel);
    return await serve(bento?.start ?? (await startModels(loaded.config)), loaded);
  } catch (cause) {
    return fail(EXIT.failed, cause, isDebug);
  }
}

/** The bento that is named or stands here; undefined where neither is: then models may be named. */
async function findBento({ bento }: EntryFlags): Promise<OpenedBento | undefined> {
  if (bento === undefined && !(await isBento(process.cwd()))) return undefined;
  return openBento(bento ?? process.cwd());
}

interface Configured {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** The configuration, or the error of one that is refused. */
async function configure(bento: OpenedBento | undefined, flags: EntryFlags): Promise<Configured | ServingError> {
  try {
    const { config, warnings } = await loadConfig({
      flags: flags.config,
      env: process.env,
      configFile: flags.configFile,
      projectDir: bento?.projectDir,
      ...(bento === undefined ? {} : { serviceConfig: bento.serviceConfig }),
      imageDefaults: flags.image,
    });
    assertMayBind(config);
    if (bento !== undefined) await assertParameters(bento.file.definition, config.parameters);
    return { config, warnings };
  } catch (cause) {
    if (cause instanceof ServingError && cause.code === "FAILED_PRECONDITION") return cause;
    throw cause;
  }
}

type Start = Omit<StartOptions, "config" | "warnings" | "storeDir">;

/** What is served where there is no bento: the models that the platform has mounted. */
async function startModels({ modelDir, server }: Config): Promise<Start> {
  if (modelDir === null) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `nothing to serve: ${process.cwd()} is no bento, which "bento-ts build" makes, and no models are named by --model_dir or BENTO_MODEL_DIR`,
    );
  }
  const path = resolve(modelDir);
  const models = await findServableModels(path);
  return { entry: modelsEntry(models, { path, modelName: server.modelName ?? undefined }), baseDir: process.cwd() };
}

async function serve(start: Start, { config, warnings }: Configured): Promise<number> {
  // Process 1 of a container has no default action for signals: without this one, a stop while models load would be ignored.
  const leave = (): void => process.exit(EXIT.done);
  process.once("SIGTERM", leave).once("SIGINT", leave);
  const server = await startServer({ ...start, config, warnings, storeDir: modelStoreDir() });
  const stopped = runUntilStopped(server);
  process.off("SIGTERM", leave).off("SIGINT", leave);
  return stopped;
}

function fail(exitCode: number, cause: unknown, isDebug = false): number {
  const message = cause instanceof ServingError ? cause.message : `unexpected failure: ${String(cause)}`;
  const stack = isDebug && cause instanceof Error ? `${cause.stack ?? ""}\n` : "";
  process.stderr.write(`bento-ts-server: ${message}\n${stack}`);
  return exitCode;
}

function runtimeVersion(): string {
  const { version }: { readonly version: string } = createRequire(import.meta.url)("../../package.json");
  return version;
}
