import { createService, type Service } from "../authoring/create-service.ts";
import { registeredService, type ServiceClass } from "../authoring/registered-service.ts";
import { assertParameters } from "../config/parameters.ts";
import type { Config } from "../config/types.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import { ServingError } from "../errors.ts";
import { loadSharp } from "../io/image/load-sharp.ts";
import type { IoSpec } from "../io/types.ts";
import { collectHandles } from "../models/handle-registry.ts";
import { findMounted } from "../models/mounted-models.ts";
import { matchReplacements } from "../models/replacements.ts";
import type { ManagedModel, ModelHost, WarmUpReport } from "../models/types.ts";
import type { ModelState } from "../telemetry/readiness.ts";
import { findService, type FoundService } from "./find-service.ts";
import type { ServiceEntry } from "./service-entry.ts";
import { type BatchesHost, withTunedBatches } from "./tuned-batches.ts";
import { zeroCodeService } from "./zero-code.ts";

/** A service that can answer: constructed, its models loaded and warm, `onInit` done. */
export interface LoadedService {
  readonly service: Service;
  readonly models: readonly ManagedModel[];
  /** The models as probes show them, as they are now. */
  states(): readonly ModelState[];
  /** Waits for runs in progress, frees the models and runs `onShutdown`. */
  close(): Promise<void>;
}

/** What a service is made and its models are loaded with; which of them are replaced is found out when the service is there. */
export interface ServiceHost extends Omit<ModelHost, "replacements">, BatchesHost {
  /** The key `models` of the configuration. */
  readonly configuredModels?: Readonly<Record<string, string>>;
  /** The key `modelDir` of the configuration. */
  readonly modelDir?: string | null;
  /** The key `parameters` of the configuration. */
  readonly parameters?: Config["parameters"];
}

/** Makes a service ready to answer. Throws ServingError when it or a model of it can't be loaded; nothing is left loaded then. */
export async function loadService(entry: ServiceEntry, host: ServiceHost): Promise<LoadedService> {
  return warmService(await makeService(entry, host));
}

/** A service that was constructed, and none of its models loaded yet. */
export interface MadeService {
  readonly service: Service;
  readonly models: readonly ManagedModel[];
  /** With what its models are loaded. */
  readonly host: ModelHost;
}

/** Constructs a service. Throws ServingError when it can't be. */
export async function makeService(entry: ServiceEntry, host: ServiceHost): Promise<MadeService> {
  if (entry.kind === "models") {
    const joined = await withTunedBatches(entry, host);
    const { result: service, handles } = await collectHandles(() => zeroCodeService(joined));
    // These models were named by the folder itself.
    return withReplacements(service, handles, { ...host, modelDir: null });
  }
  const found = await findService(entry.file);
  return constructService(found, host);
}

/** The same for a class that is here already, as in tests. Throws FAILED_PRECONDITION for a class without `@service`. */
export async function loadServiceClass(serviceClass: ServiceClass, host: ServiceHost): Promise<LoadedService> {
  const { result: registered } = await collectHandles(() => registeredService(serviceClass));
  if (registered === undefined)
    throw new ServingError("FAILED_PRECONDITION", `${serviceClass.name} is no service: put @service({ name }) on it`);
  return warmService(await constructService({ registered, handles: [] }, host));
}

async function constructService(
  { registered, handles: outside }: FoundService,
  host: ServiceHost,
): Promise<MadeService> {
  const given = host.parameters ?? {};
  await assertParameters(registered.definition, given);
  const parameters = await registered.parameters?.read({ kind: "json", value: given }, { nan: "error" });
  const { result: service, handles } = await collectHandles(() => createService(registered, parameters));
  return withReplacements(service, [...outside, ...handles], host);
}

async function withReplacements(
  service: Service,
  models: readonly ManagedModel[],
  { configuredModels = {}, modelDir = null, parameters: _parameters, tunedBatches: _batches, ...host }: ServiceHost,
): Promise<MadeService> {
  const sources = [...new Set(models.map(({ handle }) => handle.source))];
  const configured = matchReplacements(configuredModels, sources);
  const others = sources.filter((source) => !configured.has(source));
  const mounted = modelDir === null ? [] : await findMounted(modelDir, others);
  return { service, models, host: { ...host, replacements: new Map([...configured, ...mounted]) } };
}

async function warmService({ service, models, host }: MadeService): Promise<LoadedService> {
  try {
    for (const model of models) await model.load(host);
    const measured: { readonly model: ManagedModel; readonly report: WarmUpReport }[] = [];
    // One after the other: two models warming up at once would measure each other.
    for (const model of models) measured.push({ model, report: await model.warmUp() });
    const states = (): readonly ModelState[] =>
      measured.map(({ model, report }) => ({ ...report, ...factsOf(model), pool: model.pool }));
    await prepareTypes(service.definition);
    await service.hooks.onInit();
    return { service, models, states, close: () => closeService(service, models) };
  } catch (cause) {
    await releaseModels(models);
    throw cause;
  }
}

function factsOf({ file, handle }: ManagedModel): Pick<ModelState, "digest" | "replacement" | "warning"> {
  return { digest: file?.digest, replacement: file?.replacement, warning: handle.info.warning };
}

/** Loads what the service's types need when they are first used: a missing decoder is found before the worker is ready. */
async function prepareTypes({ apis }: ServiceDefinition): Promise<void> {
  if (apis.some((api) => usesImages(api.input) || usesImages(api.output))) await loadSharp();
}

function usesImages(spec: IoSpec): boolean {
  if (spec.kind === "list") return usesImages(spec.items);
  if (spec.kind === "multipart") return Object.values(spec.fields).some((field) => usesImages(field.spec));
  return spec.kind === "image";
}

async function closeService(service: Service, models: readonly ManagedModel[]): Promise<void> {
  await releaseModels(models);
  await service.hooks.onShutdown();
}

async function releaseModels(models: readonly ManagedModel[]): Promise<void> {
  for (const model of models) {
    await model.drain();
    await model.dispose();
  }
}
