import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ServiceDefinition, ServingError } from "@bento-ts/runtime/definition";

/** What the author's code is, as the runtime in the project describes it. */
export interface ServiceDescription {
  readonly definition: ServiceDefinition;
  readonly models: readonly DescribedModel[];
}

/** A model that the service has. */
export interface DescribedModel {
  readonly source: string;
  readonly engine: string;
  /** Its files on this machine, `main` first, relative to `root`; null where nothing stands at an absolute path. */
  readonly found: {
    readonly files: { readonly root: string; readonly main: string; readonly paths: readonly string[] };
    readonly digest: string;
  } | null;
}

export interface DescribeOptions {
  /** The bundle, where it finds the packages that it imports. */
  readonly file: string;
  /** Folder in which the process runs: the bento's, as in a container. */
  readonly cwd: string;
  /** Folder that relative sources of models mean: that of the author's own file. */
  readonly baseDir: string;
  readonly storeDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** A module that takes longer to load waits for something that never comes. */
const PATIENCE_MS = 120_000;

/**
 * Describes a service in a process of its own, since its class has to be constructed.
 *
 * What the author's code prints goes to standard error. Throws FAILED_PRECONDITION with the runtime's own message when it can't be described.
 */
export async function describeProject(options: DescribeOptions): Promise<ServiceDescription> {
  const { file, baseDir, storeDir, env } = options;
  const request = { server: serverUrl(file), file, baseDir, storeDir };
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const program = fileURLToPath(new URL(`./describe-main.${ending}`, import.meta.url));
  const message = await new Promise<unknown>((resolve, reject) => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const child = fork(program, [JSON.stringify(request)], {
      signal,
      killSignal: "SIGKILL",
      cwd: options.cwd,
      execArgv: ["--enable-source-maps"],
      env: { ...env, ORT_DISABLE_TELEMETRY: "1" },
      stdio: ["ignore", 2, 2, "ipc"],
    });
    child.once("message", resolve);
    child.once("error", (cause) => reject(signal.aborted ? tooSlow(options.signal) : cause));
    // After a message this changes nothing: a promise settles once.
    child.once("exit", (code, killedBy) => reject(died(killedBy ?? `exit code ${String(code)}`)));
  });
  return parseAnswer(message);
}

/** The server entry of the runtime that the bundle imports: the author's class is known to that copy only. */
function serverUrl(file: string): string {
  return pathToFileURL(createRequire(file).resolve("@bento-ts/runtime/server")).href;
}

function parseAnswer(message: unknown): ServiceDescription {
  if (message !== null && typeof message === "object") {
    if ("description" in message) return message.description as ServiceDescription;
    if ("failure" in message) throw refused(String(message.failure));
  }
  throw new ServingError("INTERNAL", "the process that describes the service gave no answer");
}

function tooSlow(given: AbortSignal): unknown {
  if (given.aborted) return given.reason;
  return refused(
    `the service's file was not loaded after ${PATIENCE_MS / 1000} s: it waits for something at its top level or in its constructor`,
  );
}

function died(how: string): ServingError {
  return refused(`the process that loads the service ended without an answer (${how})`);
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
