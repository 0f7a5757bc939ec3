import { dirname, resolve } from "node:path";
import { loadConfig } from "../config/load-config.ts";
import { assertParameters } from "../config/parameters.ts";
import { assertMayBind } from "../config/start-rule.ts";
import type { Config } from "../config/types.ts";
import { ServingError } from "../errors.ts";
import { findServableModels } from "../models/servable-models.ts";
import type { EarlyWorker } from "../workers/early-worker.ts";
import type { EntryFlags } from "./entry-flags.ts";
import { EXIT } from "./exit-codes.ts";
import { modelsEntry } from "./models-entry.ts";
import { isBento, openBento, type OpenedBento } from "./open-bento.ts";
import { runUntilStopped } from "./run-server.ts";
import { assertSecure } from "./security/assert-secure.ts";
import { nobodyMayCall } from "./security/nobody-may-call.ts";
import { startServer, type StartOptions } from "./start-server.ts";

export interface ServeNamedOptions {
  readonly earlyWorker: EarlyWorker;
  /** Called when the server answers and stops in order when it is told to: until then signals are the caller's. */
  readonly onReady: () => void;
}

/** Serves the bento or the models that the flags name until it is told to stop; gives the exit code, and tells on standard error what kept it from it. */
export async function serveNamed(flags: EntryFlags, { earlyWorker, onReady }: ServeNamedOptions): Promise<number> {
  let isDebug = false;
  try {
    const bento = await findBento(flags);
    const loaded = await configure(bento, flags);
    if (loaded instanceof ServingError) return fail(EXIT.refused, loaded);
    isDebug = ["trace", "debug"].includes(loaded.config.telemetry.logLevel);
    const start = bento?.start ?? (await startModels(loaded.config));
    const stopped = runUntilStopped(await startServer({ ...start, ...loaded, earlyWorker }));
    onReady();
    return await stopped;
  } catch (cause) {
    return fail(EXIT.failed, cause, isDebug);
  }
}

/** The bento that is named or stands here; undefined where neither is: then models may be named. */
async function findBento({ bento }: EntryFlags): Promise<OpenedBento | undefined> {
  if (bento === undefined && !(await isBento(process.cwd()))) return undefined;
  return openBento(bento ?? process.cwd());
}

type Configured = Required<Pick<StartOptions, "config" | "warnings">>;

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
    await assertSecure(config, bento?.file.definition);
    assertMayBind(config);
    if (bento !== undefined) await assertParameters(bento.file.definition, config.parameters);
    const closed = bento === undefined ? undefined : nobodyMayCall(config, bento.file.definition);
    return { config, warnings: closed === undefined ? warnings : [...warnings, closed] };
  } catch (cause) {
    if (cause instanceof ServingError && cause.code === "FAILED_PRECONDITION") return cause;
    throw cause;
  }
}

/** What is served where there is no bento: the models that the platform has mounted. */
async function startModels({
  modelDir,
  server,
}: Config): Promise<Pick<StartOptions, "entry" | "baseDir" | "projectDir">> {
  if (modelDir === null) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `nothing to serve: ${process.cwd()} is no bento, which "bento-ts build" makes, and no models are named by --model_dir or BENTO_MODEL_DIR`,
    );
  }
  const path = resolve(modelDir);
  const models = await findServableModels(path);
  const entry = modelsEntry(models, { path, modelName: server.modelName ?? undefined });
  return { entry, baseDir: process.cwd(), projectDir: models[0]?.path === path ? dirname(path) : path };
}

function fail(exitCode: number, cause: unknown, isDebug = false): number {
  const message = cause instanceof ServingError ? cause.message : `unexpected failure: ${String(cause)}`;
  const stack = isDebug && cause instanceof Error ? `${cause.stack ?? ""}\n` : "";
  process.stderr.write(`bento-ts-server: ${message}\n${stack}`);
  return exitCode;
}
