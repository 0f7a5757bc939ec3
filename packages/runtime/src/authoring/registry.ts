import { defineService, type ApiInput } from "../definition/define-service.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import { ServingError } from "../errors.ts";
import type { JsonValue } from "../io/types.ts";
import { createApiEntry, type ApiEntry } from "./api-entry.ts";
import { definedApiOptions } from "./define-api.ts";
import { hookFailure } from "./hook-failure.ts";

/** What an author says of a service. */
export interface ServiceOptions {
  /** `[a-z][a-z0-9-]*`, at most 63 characters: it names routes, images and Kubernetes objects. */
  readonly name: string;
  /** Semantic version; default "0.0.0". */
  readonly version?: string;
  /** Markdown for the documentation. */
  readonly description?: string;
  /** Configuration, the lowest layer above the defaults; keys as in bento.yaml. */
  readonly config?: Readonly<Record<string, JsonValue>>;
}

/** A class whose objects answer calls. */
export type ServiceClass = new () => object;

/** A service: its definition is plain data, its code is known by the class. */
export interface RegisteredService {
  readonly definition: ServiceDefinition;
  readonly apis: readonly ApiEntry[];
  readonly serviceClass: ServiceClass;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof ServiceOptions>(["name", "version", "description", "config"]);

/** Records a service; called by `@service`. Throws INVALID_ARGUMENT for options without meaning and, when it has decorated methods, for a definition that can't be. */
export function registerService(
  serviceClass: ServiceClass,
  options: ServiceOptions,
  decorated: readonly ApiEntry[],
): void {
  const unknown = Object.keys(options).filter((name) => !OPTION_NAMES.has(name));
  if (unknown.length > 0)
    throw new ServingError("INVALID_ARGUMENT", `service "${options.name}": unknown option ${unknown.join(", ")}`);
  const service = decorated.length > 0 ? describe(serviceClass, options, decorated) : undefined;
  registry().set(serviceClass, () => service ?? describe(serviceClass, options, fieldApis(options.name, serviceClass)));
}

/**
 * The service that a class is, undefined for a class without `@service`.
 *
 * Fields made by `defineApi` exist only in an object: a class without decorated methods is constructed to look for them; nothing is loaded by that. Throws its
 * constructor's failure.
 */
export function registeredService(value: unknown): RegisteredService | undefined {
  return typeof value === "function" ? registry().get(value)?.() : undefined;
}

/** Makes an object of an author's class. Throws a ServingError that names the service when the constructor throws. */
export function constructService(name: string, serviceClass: ServiceClass): object {
  try {
    return new serviceClass();
  } catch (thrown) {
    throw hookFailure(name, "constructor", thrown);
  }
}

function describe(serviceClass: ServiceClass, options: ServiceOptions, apis: readonly ApiEntry[]): RegisteredService {
  return { definition: defineService({ ...options, apis: apis.map(toApiInput) }), apis, serviceClass };
}

function fieldApis(name: string, serviceClass: ServiceClass): readonly ApiEntry[] {
  return Object.entries(constructService(name, serviceClass)).flatMap(([field, value]) => {
    const options = definedApiOptions(value);
    return options === undefined ? [] : [createApiEntry(field, options, value)];
  });
}

function toApiInput(entry: ApiEntry): ApiInput {
  const { input: _input, output: _output, ...rest } = entry.options;
  return { ...rest, name: entry.name, input: entry.input.spec, output: entry.output.spec, stream: entry.stream };
}

type Describe = () => RegisteredService;

// One registry for the process, also when two copies of this package were loaded (the author's and the command's).
const REGISTRY = Symbol.for("bento-ts.services");

function registry(): WeakMap<object, Describe> {
  const holder = globalThis as { [REGISTRY]?: WeakMap<object, Describe> };
  return (holder[REGISTRY] ??= new WeakMap());
}
