import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { createService } from "../authoring/create-service.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import { collectHandles } from "../models/handle-registry.ts";
import { findModelFiles, type ModelFiles } from "../models/model-files.ts";
import { resolveSource } from "../models/source.ts";
import { findService, type FoundService } from "./find-service.ts";

/** A model that a service names. */
export interface NamedModel {
  /** As the author's code names it. */
  readonly source: string;
  readonly engine: string;
}

/** A model that a service has. */
export interface DescribedModel extends NamedModel {
  /** Its files on this machine and their digest ("sha256:…"); null for an absolute path at which nothing stands: it may be mounted later. */
  readonly found: { readonly files: ModelFiles; readonly digest: string } | null;
}

/** What a service is, as plain data. */
export interface ServiceDescription {
  readonly definition: ServiceDefinition;
  /** Each source once, in the order in which the code names them. */
  readonly models: readonly DescribedModel[];
}

/** Where the service's models are looked for. */
export interface ModelFolders {
  /** Folder of the service's own file. */
  readonly baseDir: string;
  readonly storeDir: string;
}

/**
 * Describes the service that a module exports: its class is constructed to learn of its models, no model is loaded and no hook runs.
 *
 * Throws FAILED_PRECONDITION when the module can't be loaded, exports no service or several, or a model is missing.
 */
export async function describeService(file: string, folders: ModelFolders): Promise<ServiceDescription> {
  const service = await findService(file);
  const models: DescribedModel[] = [];
  for (const model of await namedModels(service)) {
    const isLater = isAbsolute(model.source) && !existsSync(model.source);
    models.push({ ...model, found: isLater ? null : await findModel(model.source, folders) });
  }
  return { definition: service.registered.definition, models };
}

/**
 * The models that a service's code names, each source once, in that order; its class is constructed for it, and nobody looks for the files.
 *
 * Throws what the constructor throws.
 */
export async function namedModels({ registered, handles: outer }: FoundService): Promise<readonly NamedModel[]> {
  const { handles: own } = await collectHandles(() => createService(registered));
  const engines = new Map([...outer, ...own].map(({ handle }) => [handle.source, handle.engine]));
  return [...engines].map(([source, engine]) => ({ source, engine }));
}

async function findModel(source: string, folders: ModelFolders): Promise<DescribedModel["found"]> {
  const { path, digest } = await resolveSource(source, { ...folders, digests: {} });
  return { files: await findModelFiles(path), digest };
}
