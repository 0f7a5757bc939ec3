import { basename, dirname, relative } from "node:path";
import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import type { NamedModel, ServiceEntry, StartOptions } from "@bento-ts/runtime/server";
import { failed } from "../command-error.ts";
import { enableTypeScript } from "./enable-typescript.ts";
import type { Target } from "./find-target.ts";
import { loadServerOf, type RuntimeServer } from "./load-runtime.ts";

/** A service as far as it is known without constructing its class or loading a model. */
export interface DescribedService extends Pick<
  StartOptions,
  "entry" | "baseDir" | "digests" | "modelPaths" | "imports" | "sourceMaps" | "protoRecord"
> {
  readonly definition: ServiceDefinition;
  readonly projectDir: string;
  /** The copy of the runtime that serves it. */
  readonly server: RuntimeServer;
  /** The models that it names, those of a bento with their path in it; a class is constructed for that. Throws what its constructor throws. */
  namedModels(): Promise<readonly (NamedModel & { readonly path?: string | null })[]>;
}

/** Describes what a target serves; `modelName` names a service made of model files. Throws CommandError or ServingError when it can't be loaded. */
export async function describeService(
  target: Target,
  options: { readonly modelName?: string | undefined } = {},
): Promise<DescribedService> {
  if (target.kind === "models") return describeModels(target, options.modelName);
  return target.kind === "module" ? describeModule(target) : describeBento(target);
}

async function describeModule(target: Extract<Target, { kind: "module" }>): Promise<DescribedService> {
  const { file, projectDir } = target;
  const server = await loadServerOf(target);
  const loader = await enableTypeScript(file);
  const found = await server.findService(file).catch((cause: unknown) => {
    throw isRuntimeMissing(cause) ? runtimeMissing(file, cause) : cause;
  });
  const entry: ServiceEntry = { kind: "module", file };
  const { readProtoRecord } = await import("@bento-ts/runtime/proto");
  const protoRecord = await readProtoRecord(projectDir);
  return {
    definition: found.registered.definition,
    projectDir,
    server,
    entry,
    baseDir: dirname(file),
    imports: [loader],
    protoRecord,
    namedModels: () => server.namedModels(found),
  };
}

async function describeModels(
  target: Extract<Target, { kind: "models" }>,
  modelName: string | undefined,
): Promise<DescribedService> {
  const { models, path, projectDir } = target;
  const server = await loadServerOf(target);
  const entry = server.modelsEntry(models, { path, modelName });
  const { definition, apis } = await server.zeroCodeService(entry);
  const named = Object.entries(entry.models).map(([api, { path: source }]) => ({
    source,
    engine: apis.get(api)?.engine ?? "onnx",
  }));
  return { definition, projectDir, server, entry, baseDir: projectDir, namedModels: async () => named };
}

async function describeBento(target: Extract<Target, { kind: "bento" }>): Promise<DescribedService> {
  const server = await loadServerOf(target);
  const { file, start } = await server.openBento(target.projectDir);
  const { definition, models } = file;
  return { ...start, definition, projectDir: target.projectDir, server, namedModels: async () => models };
}

function isRuntimeMissing(thrown: unknown): boolean {
  // The runtime words the import's own error anew.
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && /Cannot find (?:package|module) '@bento-ts\/runtime'/.test(cause.message);
}

function runtimeMissing(file: string, cause: unknown): Error {
  const folder = relative(process.cwd(), dirname(file));
  const place = folder === "" ? "" : ` in ${folder}`;
  return failed(
    `@bento-ts/runtime is not installed for ${basename(file)}: run "npm i @bento-ts/runtime"${place}`,
    cause,
  );
}
