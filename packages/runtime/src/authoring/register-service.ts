import { defineService, type ApiInput } from "../definition/define-service.ts";
import { ServingError } from "../errors.ts";
import { type Infer, type IoInput, toIoType } from "../io/to-io-type.ts";
import type { IoType, JsonValue } from "../io/types.ts";
import { createApiEntry, type ApiEntry } from "./api-entry.ts";
import { definedApiOptions } from "./define-api.ts";
import { constructService, type RegisteredService, type ServiceClass, serviceRegistry } from "./registered-service.ts";

/** What an author says of a service. */
export interface ServiceOptions<P extends IoInput | undefined = IoInput | undefined> {
  /** `[a-z][a-z0-9-]*`, at most 63 characters: it names routes, images and Kubernetes objects. */
  readonly name: string;
  /** Semantic version; default "0.0.0". */
  readonly version?: string;
  /** Markdown for the documentation. */
  readonly description?: string;
  /** Configuration, the lowest layer above the defaults; keys as in bento.yaml. */
  readonly config?: Readonly<Record<string, JsonValue>>;
  /**
   * Type of the constructor's argument: an object whose members the platform sets (`parameters` of the configuration, a Seldon graph's parameters). A class that has
   * such an argument is also constructed with an empty object, to see which models and APIs it has.
   */
  readonly parameters?: P;
}

/** A class whose constructor takes the parameters that its service declares, if it does. */
export type ServiceClassOf<P extends IoInput | undefined> = P extends IoInput
  ? new (parameters: Infer<P>) => object
  : new () => object;

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof ServiceOptions>([
  "name",
  "version",
  "description",
  "config",
  "parameters",
]);

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
  serviceRegistry().set(
    serviceClass,
    () => service ?? describe(serviceClass, options, fieldApis(options.name, serviceClass)),
  );
}

function describe(serviceClass: ServiceClass, options: ServiceOptions, apis: readonly ApiEntry[]): RegisteredService {
  const parameters = parametersType(options);
  const schema = parameters?.spec.kind === "json" ? parameters.spec.schema : undefined;
  const definition = defineService({ ...options, parameters: schema, apis: apis.map(toApiInput) });
  return { definition, apis, serviceClass, parameters };
}

function parametersType({ name, parameters }: ServiceOptions): IoType<unknown> | undefined {
  if (parameters === undefined) return undefined;
  const type = toIoType(parameters);
  if (type.spec.kind === "json" && type.spec.schema["type"] === "object") return type;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `service "${name}": parameters: expected an object type, such as t.Object({ threshold: t.Number() })`,
  );
}

function fieldApis(name: string, serviceClass: ServiceClass): readonly ApiEntry[] {
  return Object.entries(constructService(name, serviceClass, {})).flatMap(([field, value]) => {
    const options = definedApiOptions(value);
    return options === undefined ? [] : [createApiEntry(field, options, value)];
  });
}

function toApiInput(entry: ApiEntry): ApiInput {
  const { input: _input, output: _output, ...rest } = entry.options;
  return { ...rest, name: entry.name, input: entry.input.spec, output: entry.output.spec, stream: entry.stream };
}
